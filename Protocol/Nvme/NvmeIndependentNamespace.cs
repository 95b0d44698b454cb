namespace BlockEmu.Protocol.Nvme;

/// <summary>The I/O Command Set Independent Identify Namespace data structure, 4,096 bytes (Base 5.17.2.8).</summary>
/// <remarks>
/// <code>
/// offset  size  field
///      0     1  NSFEAT: bit 4 rotational, bit 5 no volatile write cache here
///      1     1  NMIC
///     13     1  NSATTR: bit 0 write protected
///     14     1  NSTAT: bit 0 ready
/// </code>
/// </remarks>
public readonly record struct NvmeIndependentNamespace(bool IsRotational, bool HasNoCache, bool IsWriteProtected, bool IsReady)
{
    public const int SizeBytes = 4096;

    public static NvmeIndependentNamespace Read(ReadOnlySpan<byte> source) =>
        new((source[0] & (1 << 4)) != 0, (source[0] & (1 << 5)) != 0, (source[13] & 1) != 0, (source[14] & 1) != 0);

    public void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        destination[0] = (byte)((IsRotational ? 1 << 4 : 0) | (HasNoCache ? 1 << 5 : 0));
        destination[13] = IsWriteProtected ? (byte)1 : (byte)0;
        destination[14] = IsReady ? (byte)1 : (byte)0;
    }
}
