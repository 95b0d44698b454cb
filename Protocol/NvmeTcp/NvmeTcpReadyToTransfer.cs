using System.Buffers.Binary;

namespace BlockEmu.Protocol.NvmeTcp;

/// <summary><c>R2T</c>: the controller asks for a part of a command's data.</summary>
/// <remarks>
/// NVMe/TCP Transport 1.0, 3.6.2.10:
/// <code>
/// offset  size  field
///      0     8  common header: type 09h, HLEN 24, PDO 0
///      8     2  CCCID, the command's identifier
///     10     2  TTAG, to be echoed in H2CData
///     12     4  R2TO, the first byte's place in the command's data
///     16     4  R2TL, bytes wanted
///     20     4  reserved
/// </code>
/// </remarks>
public readonly record struct NvmeTcpReadyToTransfer(
    NvmeTcpPduFlags Flags, ushort CommandId, ushort TransferTag, uint OffsetBytes, uint LengthBytes)
{
    public const int SizeBytes = 24;

    public static NvmeTcpReadyToTransfer Read(ReadOnlySpan<byte> source) => new(
        (NvmeTcpPduFlags)source[1],
        BinaryPrimitives.ReadUInt16LittleEndian(source[8..]),
        BinaryPrimitives.ReadUInt16LittleEndian(source[10..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[16..]));

    /// <summary>Its header; with <see cref="NvmeTcpPduFlags.HeaderDigest"/> the digest is to follow.</summary>
    public void Write(Span<byte> destination)
    {
        int digestBytes = (Flags & NvmeTcpPduFlags.HeaderDigest) != NvmeTcpPduFlags.None ? NvmeTcpCommonHeader.DigestBytes : 0;
        new NvmeTcpCommonHeader(NvmeTcpPduType.ReadyToTransfer, Flags, SizeBytes, 0, (uint)(SizeBytes + digestBytes)).Write(destination);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], CommandId);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[10..], TransferTag);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], OffsetBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], LengthBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[20..], 0);
    }
}
