namespace BlockEmu.Protocol.Nvme;

/// <summary>The result of a Connect that ended with <see cref="NvmeStatus.ConnectInvalidParameter"/>: which one (Base 6.3).</summary>
/// <remarks>DW0: 15:0 IPO, offset of the parameter in bytes; bit 16 IATTR: 1 = in the data, 0 = in the command.</remarks>
public readonly record struct NvmeConnectFault(ushort OffsetBytes, bool IsInData)
{
    public static NvmeConnectFault InCommand(int offsetBytes) => new((ushort)offsetBytes, false);

    public static NvmeConnectFault InData(int offsetBytes) => new((ushort)offsetBytes, true);

    public static NvmeConnectFault FromDw0(uint dw0) => new((ushort)dw0, (dw0 & 0x10000) != 0);

    public uint ToDw0() => OffsetBytes | (IsInData ? 0x10000u : 0);
}
