using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>One extent of a BLOCK_STATUS or BLOCK_STATUS_EXT chunk.</summary>
/// <remarks>
/// NBD proto.md, "NBD_REPLY_TYPE_BLOCK_STATUS" and "NBD_REPLY_TYPE_BLOCK_STATUS_EXT". All fields are big-endian:
/// <code>
/// offset  size  extended: offset  size  field
///      0     4                 0     8  length, bytes, not 0
///      4     4                 8     8  status: what its bits mean is the context's
/// </code>
/// </remarks>
public readonly record struct NbdStatusExtent(ulong LengthBytes, ulong Status)
{
    public const int SizeBytes = 8;

    public const int ExtendedSizeBytes = 16;

    public static NbdStatusExtent Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt32BigEndian(source), BinaryPrimitives.ReadUInt32BigEndian(source[4..]));

    /// <summary>Throws <see cref="OverflowException"/> when a field needs more than 32 bits.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], checked((uint)Status));
        BinaryPrimitives.WriteUInt32BigEndian(destination, checked((uint)LengthBytes));
    }

    public static NbdStatusExtent ReadExtended(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt64BigEndian(source), BinaryPrimitives.ReadUInt64BigEndian(source[8..]));

    public void WriteExtended(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Status);
        BinaryPrimitives.WriteUInt64BigEndian(destination, LengthBytes);
    }
}
