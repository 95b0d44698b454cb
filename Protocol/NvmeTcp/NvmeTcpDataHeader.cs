using System.Buffers.Binary;

namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>The header of <c>H2CData</c> and <c>C2HData</c>.</summary>
/// <remarks>
/// NVMe/TCP Transport 1.0, 3.6.2.8 and 3.6.2.9:
/// <code>
/// offset  size  field
///      0     8  common header: type 06h or 07h, HLEN 24
///      8     2  CCCID, the command's identifier
///     10     2  TTAG, as the R2T gave it (H2CData only)
///     12     4  DATAO, the first byte's place in the command's data
///     16     4  DATAL, bytes of data
///     20     4  reserved
/// </code>
/// </remarks>
public readonly record struct NvmeTcpDataHeader(
    NvmeTcpCommonHeader Common, ushort CommandId, ushort TransferTag, uint OffsetBytes, uint LengthBytes)
{
    public const int SizeBytes = 24;

    /// <summary>Where <c>CCCID</c> is, for FEI.</summary>
    public const uint CommandIdOffset = 8;

    /// <summary>Where <c>TTAG</c> is, for FEI.</summary>
    public const uint TransferTagOffset = 10;

    /// <summary>Where <c>DATAL</c> is, for FEI.</summary>
    public const uint LengthOffset = 16;

    public static NvmeTcpDataHeader Read(ReadOnlySpan<byte> source) => new(
        NvmeTcpCommonHeader.Read(source),
        BinaryPrimitives.ReadUInt16LittleEndian(source[8..]),
        BinaryPrimitives.ReadUInt16LittleEndian(source[10..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[16..]));

    public void Write(Span<byte> destination)
    {
        Common.Write(destination);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], CommandId);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[10..], TransferTag);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], OffsetBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], LengthBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[20..], 0);
    }
}
