using System.Buffers.Binary;
using BlockEmu.Oracle.Images;

namespace BlockEmu.Oracle.Bundles;

/// <summary>Reads an extent entry (docs/bundle-format.md, section 3).</summary>
/// <remarks>
/// <code>
/// entry header: "BEXT", u32 version = 1
/// record, little-endian:
/// offset  size  field
///      0     8  offsetBytes (of a command record: its sequence)
///      8     8  lengthBytes
///     16     4  kind: 0 zero, 1 data, 2 command, 3 end
///     20     4  reserved, 0
///     24     -  data (kind 1)
/// </code>
/// </remarks>
internal sealed class ExtentReader
{
    private const int RecordBytes = 24;
    private const int Version = 1;
    private const int MaxDataBytes = 1 << 20;
    private readonly EntryReader _entry;
    private readonly int _blockSizeBytes;

    private enum Kind : uint
    {
        Zero,
        Data,
        Command,
        End,
    }

    private readonly record struct Record(long PositionBytes, ulong Offset, ulong Length, Kind Kind);

    private ExtentReader(EntryReader entry, int blockSizeBytes)
    {
        _entry = entry;
        _blockSizeBytes = blockSizeBytes;
    }

    /// <summary>Reads <c>old.extents</c> or <c>new.extents</c>: exactly these ranges.</summary>
    public static ExtentImage ReadImage(EntryReader entry, IReadOnlyList<Extent> covered, int blockSizeBytes)
    {
        ExtentReader reader = new(entry, blockSizeBytes);
        reader.ReadHeader();
        ExtentImage image = new();
        Record last = reader.ReadRanges(covered, image);
        reader.ReadEnd(last);
        return image;
    }

    /// <summary>Reads <c>payload.extents</c> into the commands.</summary>
    public static void ReadPayloads(EntryReader entry, IEnumerable<BundleCommand> commands, int blockSizeBytes)
    {
        ExtentReader reader = new(entry, blockSizeBytes);
        reader.ReadHeader();
        Record record = reader.ReadRecord();
        foreach (BundleCommand command in commands)
        {
            if (record.Kind != Kind.Command || record.Length != 0 || record.Offset != (ulong)command.Sequence)
            {
                throw entry.Fault(record.PositionBytes, $"the command record of step {command.Sequence} was expected");
            }

            record = reader.ReadRanges(ExtentSet.Union(command.Live), command.Data);
        }

        reader.ReadEnd(record);
    }

    private void ReadHeader()
    {
        Span<byte> header = stackalloc byte[8];
        _entry.Read(header);
        if (!header[..4].SequenceEqual("BEXT"u8))
        {
            throw _entry.Fault(0, "does not begin with BEXT");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        if (version != Version)
        {
            throw _entry.Fault(4, $"version {version} is not known; this reader knows {Version}");
        }
    }

    /// <summary>Reads zero and data records that cover the ranges exactly; returns the record behind them.</summary>
    private Record ReadRanges(IReadOnlyList<Extent> covered, ExtentImage image)
    {
        foreach (Extent range in covered)
        {
            for (long position = range.OffsetBytes; position < range.EndBytes;)
            {
                Record record = ReadRecord();
                long length = Judge(record, position, range.EndBytes);
                if (record.Kind == Kind.Data)
                {
                    image.Append(position, _entry.Read(length));
                }

                position += length;
            }
        }

        return ReadRecord();
    }

    private long Judge(Record record, long position, long end)
    {
        if (record.Kind is not (Kind.Zero or Kind.Data) || record.Offset != (ulong)position)
        {
            throw _entry.Fault(
                record.PositionBytes,
                $"a {record.Kind} record at {record.Offset}, where the blocks from {position} to {end} were expected");
        }

        bool isData = record.Kind == Kind.Data;
        ulong most = Math.Min((ulong)(end - position), isData ? MaxDataBytes : ulong.MaxValue);
        if (record.Length == 0 || record.Length % (uint)_blockSizeBytes != 0 || record.Length > most)
        {
            throw _entry.Fault(
                record.PositionBytes + 8, $"a length of {record.Length} is not whole blocks, at least one, at most {most} bytes");
        }

        return (long)record.Length;
    }

    private Record ReadRecord()
    {
        long position = _entry.Position;
        Span<byte> bytes = stackalloc byte[RecordBytes];
        _entry.Read(bytes);
        uint kind = BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]);
        if (kind > (uint)Kind.End)
        {
            throw _entry.Fault(position + 16, $"kind {kind} is not known");
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]) != 0)
        {
            throw _entry.Fault(position + 20, "the reserved field is not 0");
        }

        return new Record(
            position, BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]), (Kind)kind);
    }

    private void ReadEnd(Record record)
    {
        if (record != new Record(record.PositionBytes, 0, 0, Kind.End))
        {
            throw _entry.Fault(record.PositionBytes, "the end record was expected: all ranges are covered");
        }

        _entry.Finish();
    }
}
