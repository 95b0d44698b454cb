using System.Buffers.Binary;

namespace BlockEmu.Device.Media;

/// <summary>One record of a redo file: a piece of the image that is to be written or zeroed, or one that stays as it is and bears
/// witness.</summary>
/// <remarks>
/// All integers are little-endian:
/// <code>
/// offset  size  field
///      0     8  offset in the image, bytes
///      8     8  length in bytes: negative = zeroes; 0 = the page there is not written, and tells whether somebody else wrote it
///     16     4  checksum of what the image held there before
///     20     4  flags: 1 = the checksum is there
/// </code>
/// </remarks>
/// <param name="OffsetBytes">First byte.</param>
/// <param name="LengthBytes">As above.</param>
/// <param name="OldSum">What was there before; null = it was not at hand.</param>
internal readonly record struct RedoRecord(long OffsetBytes, long LengthBytes, uint? OldSum = null)
{
    public const int SizeBytes = 24;

    private const uint HasSum = 1;

    /// <summary>Whether it is not to be written.</summary>
    public bool IsWitness => LengthBytes == 0;

    /// <summary>How many bytes of the file's data are its own.</summary>
    public long DataBytes => Math.Max(0, LengthBytes);

    public static RedoRecord Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadInt64LittleEndian(source),
        BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
        (BinaryPrimitives.ReadUInt32LittleEndian(source[20..]) & HasSum) != 0 ? BinaryPrimitives.ReadUInt32LittleEndian(source[16..]) : null);

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt64LittleEndian(destination, OffsetBytes);
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], LengthBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], OldSum ?? 0);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[20..], OldSum is null ? 0 : HasSum);
    }
}
