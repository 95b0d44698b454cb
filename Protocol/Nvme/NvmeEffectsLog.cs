using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nvme;

/// <summary>The Commands Supported and Effects log page, 4,096 bytes (Base 5.16.1.6).</summary>
/// <remarks>256 entries of 4 bytes for the admin commands, then 256 for the I/O commands, by opcode. Bit 0 CSUPP: it is supported;
/// bit 1 LBCC: it may change the content of blocks.</remarks>
public static class NvmeEffectsLog
{
    public const int SizeBytes = 4096;

    public const uint Supported = 1;

    public const uint ChangesBlocks = 1 << 1;

    private const int IoOffset = 1024;

    public static uint ReadAdmin(ReadOnlySpan<byte> source, byte opcode) => BinaryPrimitives.ReadUInt32LittleEndian(source[(opcode * 4)..]);

    public static uint ReadIo(ReadOnlySpan<byte> source, byte opcode) =>
        BinaryPrimitives.ReadUInt32LittleEndian(source[(IoOffset + (opcode * 4))..]);

    public static void Write(Span<byte> destination, ReadOnlySpan<NvmeAdminOpcode> admin, ReadOnlySpan<NvmeIoOpcode> io)
    {
        destination[..SizeBytes].Clear();
        foreach (NvmeAdminOpcode opcode in admin)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(destination[((byte)opcode * 4)..], Supported);
        }

        foreach (NvmeIoOpcode opcode in io)
        {
            bool writes = opcode is NvmeIoOpcode.Write or NvmeIoOpcode.WriteUncorrectable or NvmeIoOpcode.WriteZeroes
                or NvmeIoOpcode.DatasetManagement or NvmeIoOpcode.Copy;
            BinaryPrimitives.WriteUInt32LittleEndian(
                destination[(IoOffset + ((byte)opcode * 4))..], Supported | (writes ? ChangesBlocks : 0));
        }
    }
}
