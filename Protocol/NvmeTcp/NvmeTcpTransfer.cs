namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>The data that one R2T asked for, and how much of it has come.</summary>
/// <param name="CommandId">The command's identifier.</param>
/// <param name="Tag">TTAG: which R2T.</param>
/// <param name="OffsetBytes">R2TO.</param>
/// <param name="LengthBytes">R2TL.</param>
/// <param name="DoneBytes">What H2CData has brought.</param>
public readonly record struct NvmeTcpTransfer(ushort CommandId, ushort Tag, uint OffsetBytes, uint LengthBytes, uint DoneBytes)
{
    public bool IsWhole => DoneBytes == LengthBytes;
}
