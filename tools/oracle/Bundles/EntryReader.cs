using System.IO.Compression;

namespace BlockEmu.Oracle.Bundles;

/// <summary>Reads one stored entry front to back and knows how much is left.</summary>
internal sealed class EntryReader : IDisposable
{
    private readonly Stream _stream;
    private readonly uint _expectedCrc;
    private readonly Crc32 _crc = new();

    public EntryReader(ZipArchiveEntry entry)
    {
        Name = entry.FullName;
        Remaining = entry.Length;
        _expectedCrc = entry.Crc32;
        _stream = entry.Open();
    }

    public string Name { get; }

    public long Position { get; private set; }

    public long Remaining { get; private set; }

    public BundleFormatException Fault(long position, string fault) => new(Name, $"offset {position}", fault);

    /// <summary>Reads exactly so many bytes; the array is made only when the entry holds them.</summary>
    public byte[] Read(long count)
    {
        if (count > Remaining || count > Array.MaxLength)
        {
            throw Fault(Position, $"{count} bytes were expected, {Remaining} are left");
        }

        byte[] bytes = new byte[count];
        Read(bytes);
        return bytes;
    }

    /// <summary>Fills the destination.</summary>
    public void Read(Span<byte> destination)
    {
        if (destination.Length > Remaining || _stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false) < destination.Length)
        {
            throw Fault(Position, $"{destination.Length} bytes were expected, {Remaining} are left");
        }

        _crc.Add(destination);
        Position += destination.Length;
        Remaining -= destination.Length;
    }

    /// <summary>Demands that nothing follows and that the checksum is right.</summary>
    public void Finish()
    {
        if (Remaining != 0 || _stream.ReadByte() >= 0)
        {
            throw Fault(Position, "bytes follow the end");
        }

        if (_crc.Value != _expectedCrc)
        {
            throw Fault(0, $"the checksum is {_crc.Value:x8}, not {_expectedCrc:x8}: the entry is damaged");
        }
    }

    public void Dispose() => _stream.Dispose();
}
