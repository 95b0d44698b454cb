using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The payload of <c>NBD_REPLY_TYPE_OFFSET_HOLE</c>: a part of a READ that is zero.</summary>
/// <remarks>
/// NBD proto.md, "Structured reply types". All fields are big-endian:
/// <code>
/// offset  size  field
///      0     8  offset on the export, bytes
///      8     4  length, bytes, not 0
/// </code>
/// </remarks>
public readonly record struct NbdOffsetHole(ulong OffsetBytes, uint LengthBytes)
{
    public const int SizeBytes = 12;

    public static NbdOffsetHole Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt64BigEndian(source), BinaryPrimitives.ReadUInt32BigEndian(source[8..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], LengthBytes);
        BinaryPrimitives.WriteUInt64BigEndian(destination, OffsetBytes);
    }
}
