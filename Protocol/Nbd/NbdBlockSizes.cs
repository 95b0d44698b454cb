using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The fact <c>NBD_INFO_BLOCK_SIZE</c>.</summary>
/// <remarks>
/// NBD proto.md, "Block size constraints" (on the wire behind a 2-byte type 3). All fields are big-endian:
/// <code>
/// offset  size  field
///      0     4  minimum block, bytes: a power of two up to 65,536
///      4     4  preferred block, bytes: a power of two, at least the minimum and 512
///      8     4  maximum payload, bytes
/// </code>
/// </remarks>
public readonly record struct NbdBlockSizes(uint MinimumBytes, uint PreferredBytes, uint MaximumPayloadBytes)
{
    public const int WireSizeBytes = 12;

    /// <summary>What holds when nothing is told.</summary>
    public static NbdBlockSizes Default => new(1, 4096, NbdLimits.DefaultMaximumPayloadBytes);

    public static NbdBlockSizes Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt32BigEndian(source),
        BinaryPrimitives.ReadUInt32BigEndian(source[4..]),
        BinaryPrimitives.ReadUInt32BigEndian(source[8..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], MaximumPayloadBytes);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], PreferredBytes);
        BinaryPrimitives.WriteUInt32BigEndian(destination, MinimumBytes);
    }
}
