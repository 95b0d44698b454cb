using System.Buffers.Binary;

namespace BlockEmu.Protocol.NvmeTcp;

/// <summary><c>ICReq</c>: the first 128 bytes that a host sends.</summary>
/// <remarks>
/// NVMe/TCP Transport 1.0, 3.6.2.2:
/// <code>
/// offset  size  field
///      0     8  common header: type 00h, HLEN 128, PDO 0, PLEN 128
///      8     2  PFV, 0
///     10     1  HPDA, alignment of data to the host in dwords, 0's based (0 to 31)
///     11     1  DGST
///     12     4  MAXR2T, R2Ts at one time for one command, 0's based
/// </code>
/// </remarks>
public readonly record struct NvmeTcpInitializeRequest(ushort Version, byte DataAlignment, NvmeTcpDigests Digests, uint MaxReadyToTransfer)
{
    public const int SizeBytes = 128;

    /// <summary>Where <c>PFV</c> is, for FEI.</summary>
    public const uint VersionOffset = 8;

    /// <summary>Where <c>HPDA</c> is, for FEI.</summary>
    public const uint DataAlignmentOffset = 10;

    /// <summary>Where <c>DGST</c> is, for FEI.</summary>
    public const uint DigestsOffset = 11;

    /// <summary>The largest <c>HPDA</c>.</summary>
    public const byte MaxDataAlignment = 31;

    public static NvmeTcpInitializeRequest Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt16LittleEndian(source[8..]), source[10], (NvmeTcpDigests)source[11],
        BinaryPrimitives.ReadUInt32LittleEndian(source[12..]));

    public void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        new NvmeTcpCommonHeader(NvmeTcpPduType.InitializeRequest, NvmeTcpPduFlags.None, SizeBytes, 0, SizeBytes).Write(destination);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], Version);
        destination[10] = DataAlignment;
        destination[11] = (byte)Digests;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], MaxReadyToTransfer);
    }
}
