namespace BlockEmu.Protocol.Nvme;

/// <summary>The Firmware Slot Information log page, 512 bytes (Base 5.16.1.4).</summary>
/// <remarks>Byte 0, AFI: bits 2:0 the active slot, here 1; bytes 15:8, FRS1: its revision, blank padded.</remarks>
public readonly record struct NvmeFirmwareLog(string Revision)
{
    public const int SizeBytes = 512;

    public static NvmeFirmwareLog Read(ReadOnlySpan<byte> source) => new(NvmeText.ReadPadded(source[8..16]));

    public void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        destination[0] = 1;
        NvmeText.WritePadded(destination[8..16], Revision);
    }
}
