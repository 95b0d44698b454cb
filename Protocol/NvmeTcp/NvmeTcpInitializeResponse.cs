using System.Buffers.Binary;

namespace BlockEmu.Protocol.NvmeTcp;

/// <summary><c>ICResp</c>: the first 128 bytes that a controller sends.</summary>
/// <remarks>
/// NVMe/TCP Transport 1.0, 3.6.2.3:
/// <code>
/// offset  size  field
///      0     8  common header: type 01h, HLEN 128, PDO 0, PLEN 128
///      8     2  PFV, 0
///     10     1  CPDA, alignment of data to the controller in dwords, 0's based (0 to 31); Linux takes 0 only
///     11     1  DGST
///     12     4  MAXH2CDATA, the most data bytes of one H2CData; a multiple of 4, at least 4096
/// </code>
/// </remarks>
public readonly record struct NvmeTcpInitializeResponse(ushort Version, byte DataAlignment, NvmeTcpDigests Digests, uint MaxHostDataBytes)
{
    public const int SizeBytes = 128;

    public static NvmeTcpInitializeResponse Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt16LittleEndian(source[8..]), source[10], (NvmeTcpDigests)source[11],
        BinaryPrimitives.ReadUInt32LittleEndian(source[12..]));

    public void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        new NvmeTcpCommonHeader(NvmeTcpPduType.InitializeResponse, NvmeTcpPduFlags.None, SizeBytes, 0, SizeBytes).Write(destination);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], Version);
        destination[10] = DataAlignment;
        destination[11] = (byte)Digests;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], MaxHostDataBytes);
    }
}
