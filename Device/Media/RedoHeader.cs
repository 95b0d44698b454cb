using System.Buffers.Binary;
using System.Numerics;

namespace BlockEmu.Device.Media;

/// <summary>The header of a redo file.</summary>
/// <remarks>
/// All integers are little-endian:
/// <code>
/// offset  size  field
///      0     8  ASCII "BEREDO02", the last two the version; zeroes = there is nothing to do again. Written last, by itself
///      8     4  checksum of all that follows this field: CRC-32C of the head, continued over the four of the data (RedoSum)
///     12     4  flags: 1 = zeroes stay provisioned
///     16    56  the image: boot id (16), generation (16), inode (8), birth in nanoseconds since 1970 (8), size in bytes (8)
///     72     8  when the image's bytes had been changed last, in nanoseconds since 1970
///     80     8  count of records (RedoRecord)
/// </code>
/// </remarks>
/// <param name="Image">What it is about.</param>
/// <param name="ModifiedNanoseconds">The image's time before.</param>
/// <param name="RecordCount">How many records follow.</param>
/// <param name="KeepsProvisioned">How zeroes are made.</param>
internal readonly record struct RedoHeader(ImageIdentity Image, long ModifiedNanoseconds, long RecordCount, bool KeepsProvisioned)
{
    public const int SizeBytes = 88;

    /// <summary>What the checksum covers begins here.</summary>
    public const int ChecksumEnd = 12;

    private const int ChecksumAt = 8;
    private const uint ProvisionedFlag = 1;

    public static ReadOnlySpan<byte> Magic => "BEREDO02"u8;

    /// <summary>What the version before began with.</summary>
    public static ReadOnlySpan<byte> EarlierMagic => "BEREDO01"u8;

    /// <summary>The start of a file with nothing to do.</summary>
    public static ReadOnlySpan<byte> Nothing => "\0\0\0\0\0\0\0\0"u8;

    /// <summary>Where the data begin.</summary>
    public long DataStart => SizeBytes + (RecordCount * RedoRecord.SizeBytes);

    /// <summary>Continues a CRC-32C, which begins with 0.</summary>
    public static uint Checksum(uint checksum, ReadOnlySpan<byte> bytes)
    {
        uint crc = ~checksum;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }

    /// <summary>Reads what <see cref="Write"/> wrote, and the checksum, whatever the magic is.</summary>
    public static (RedoHeader Header, uint Checksum) Read(ReadOnlySpan<byte> source) => (
        new RedoHeader(
            ImageIdentity.Read(source[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[72..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[80..]),
            (BinaryPrimitives.ReadUInt32LittleEndian(source[12..]) & ProvisionedFlag) != 0),
        BinaryPrimitives.ReadUInt32LittleEndian(source[ChecksumAt..]));

    /// <summary>Writes all but the checksum, with <see cref="Nothing"/> in front.</summary>
    public void Write(Span<byte> destination)
    {
        Nothing.CopyTo(destination);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], KeepsProvisioned ? ProvisionedFlag : 0);
        Image.Write(destination[16..]);
        BinaryPrimitives.WriteInt64LittleEndian(destination[72..], ModifiedNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(destination[80..], RecordCount);
    }

    /// <summary>Writes the checksum.</summary>
    public static void Seal(Span<byte> destination, uint checksum) =>
        BinaryPrimitives.WriteUInt32LittleEndian(destination[ChecksumAt..], checksum);
}
