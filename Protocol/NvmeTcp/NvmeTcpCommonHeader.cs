using System.Buffers.Binary;

namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>The first 8 bytes of every PDU.</summary>
/// <remarks>
/// NVMe/TCP Transport 1.0, 3.6.1. All fields of NVMe/TCP are little-endian:
/// <code>
/// offset  size  field
///      0     1  PDU-Type
///      1     1  FLAGS
///      2     1  HLEN, bytes of the header without its digest
///      3     1  PDO, where the data begins; 0 without data
///      4     4  PLEN, bytes of the whole PDU: header, digests, padding, data
/// </code>
/// </remarks>
public readonly record struct NvmeTcpCommonHeader(
    NvmeTcpPduType Type, NvmeTcpPduFlags Flags, byte HeaderBytes, byte DataOffsetBytes, uint LengthBytes)
{
    public const int SizeBytes = 8;

    /// <summary>Bytes of each digest.</summary>
    public const int DigestBytes = 4;

    /// <summary>Where <c>FLAGS</c> is, for FEI.</summary>
    public const uint FlagsOffset = 1;

    /// <summary>Where <c>HLEN</c> is, for FEI.</summary>
    public const uint HeaderBytesOffset = 2;

    /// <summary>Where <c>PDO</c> is, for FEI.</summary>
    public const uint DataOffsetOffset = 3;

    /// <summary>Where <c>PLEN</c> is, for FEI.</summary>
    public const uint LengthOffset = 4;

    public static NvmeTcpCommonHeader Read(ReadOnlySpan<byte> source) => new(
        (NvmeTcpPduType)source[0], (NvmeTcpPduFlags)source[1], source[2], source[3], BinaryPrimitives.ReadUInt32LittleEndian(source[4..]));

    public void Write(Span<byte> destination)
    {
        destination[0] = (byte)Type;
        destination[1] = (byte)Flags;
        destination[2] = HeaderBytes;
        destination[3] = DataOffsetBytes;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], LengthBytes);
    }
}
