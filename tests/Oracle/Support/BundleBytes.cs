using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Tests.Support;

/// <summary>A small writer of bundles, from the document, for tests; the product's writer lives in the server. Each entry
/// can be replaced before the archive is made.</summary>
internal sealed class BundleBytes
{
    public BundleBytes(BundleCase from)
    {
        Manifest = ManifestOf(from);
        IEnumerable<int> touched = [.. from.TouchedBlocks()];
        Entries["old.extents"] = Extents(w => Image(w, touched, b => from.Old.AsSpan(b * BundleCase.Block, BundleCase.Block)));
        Entries["payload.extents"] = Extents(w => Payloads(w, from));
        Entries["new.extents"] = Extents(w => Image(w, touched, b => from.New.AsSpan(b * BundleCase.Block, BundleCase.Block)));
    }

    public JsonObject Manifest { get; }

    public Dictionary<string, byte[]> Entries { get; } = [];

    public CompressionLevel Compression { get; set; } = CompressionLevel.NoCompression;

    public byte[] ToArray()
    {
        Entries.TryAdd("manifest.json", JsonSerializer.SerializeToUtf8Bytes(Manifest));
        using MemoryStream bytes = new();
        using (ZipArchive zip = new(new ForwardOnlyStream(bytes), ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (string name in (string[])["manifest.json", "old.extents", "payload.extents", "new.extents"])
            {
                if (Entries.TryGetValue(name, out byte[]? content))
                {
                    using Stream entry = zip.CreateEntry(name, Compression).Open();
                    entry.Write(content);
                }
            }
        }

        return bytes.ToArray();
    }

    public static byte[] Extents(Action<MemoryStream> write)
    {
        using MemoryStream entry = new();
        entry.Write("BEXT"u8);
        entry.Write([1, 0, 0, 0]);
        write(entry);
        Record(entry, 0, 0, 3);
        return entry.ToArray();
    }

    public static void Record(Stream entry, long offset, long length, uint kind)
    {
        byte[] record = new byte[24];
        BinaryPrimitives.WriteInt64LittleEndian(record, offset);
        BinaryPrimitives.WriteInt64LittleEndian(record.AsSpan(8), length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(16), kind);
        entry.Write(record);
    }

    private delegate ReadOnlySpan<byte> BlockReader(int block);

    private static void Image(Stream entry, IEnumerable<int> blocks, BlockReader read)
    {
        foreach (int block in blocks)
        {
            ReadOnlySpan<byte> content = read(block);
            bool isZero = content.IndexOfAnyExcept((byte)0) < 0;
            Record(entry, block * BundleCase.Block, BundleCase.Block, isZero ? 0u : 1u);
            entry.Write(isZero ? [] : content);
        }
    }

    private static void Payloads(Stream entry, BundleCase from)
    {
        foreach (BundlePending command in from.Pending.Where(p => p.Kind == StepKind.Write && p.LiveBlocks().Any()))
        {
            Record(entry, command.Sequence, 0, 2);
            Image(entry, command.LiveBlocks(), b => command.Payload.AsSpan((b - command.At) * BundleCase.Block, BundleCase.Block));
        }
    }

    private static JsonObject ManifestOf(BundleCase from) => new()
    {
        ["format"] = "blockemu-bundle",
        ["version"] = from.Pending.Exists(p => p.Promise is not null) ? 2 : 1,
        ["disk"] = new JsonObject
        {
            ["name"] = "disk0",
            ["sizeBytes"] = from.BlockCount * BundleCase.Block,
            ["blockSizeBytes"] = BundleCase.Block,
        },
        ["atomicity"] = AtomicityOf(from.Promise),
        ["report"] = new JsonObject
        {
            ["number"] = 1,
            ["cutNumber"] = 1,
            ["isRecut"] = false,
            ["seed"] = from.Seed.ToString(),
            ["loss"] = from.Loss,
            ["newestSequence"] = 100,
            ["newestRequiredSequence"] = from.NewestRequired,
            ["flushBorders"] = new JsonArray([.. from.FlushBorders.Select(f => (JsonNode)f)]),
        },
        ["pending"] = new JsonArray([.. from.Pending.Select(PendingOf)]),
    };

    private static JsonObject AtomicityOf(AtomicityPromise promise) => new()
    {
        ["awunBytes"] = promise.AwupfBytes,
        ["awupfBytes"] = promise.AwupfBytes,
        ["acwuBytes"] = promise.AwupfBytes,
        ["nabsnBytes"] = 0,
        ["nabspfBytes"] = promise.NabspfBytes,
        ["naboBytes"] = promise.NaboBytes,
        ["mam"] = promise.Mam,
    };

    private static JsonObject PendingOf(BundlePending p)
    {
        JsonObject command = Described(p);
        if (p.Promise is not null)
        {
            command["atomicity"] = AtomicityOf(p.Promise);
        }

        return command;
    }

    private static JsonObject Described(BundlePending p) => new()
    {
        ["sequence"] = p.Sequence,
        ["kind"] = p.Kind switch { StepKind.Write => "write", StepKind.Trim => "trim", _ => "write-zeroes" },
        ["offsetBytes"] = p.At * BundleCase.Block,
        ["lengthBytes"] = p.Count * BundleCase.Block,
        ["isAcknowledged"] = p.IsAcknowledged,
        ["isFua"] = false,
        ["mustSurvive"] = p.MustSurvive,
        ["isFlushCovered"] = p.IsFlushCovered,
        ["live"] = Ranges(p.LiveBlocks()),
        ["outcome"] = p.Outcome(),
        ["kept"] = Ranges(p.Blocks(isKept: true)),
        ["lost"] = Ranges(p.Blocks(isKept: false)),
        ["rangesOmitted"] = 0,
    };

    private static JsonArray Ranges(IEnumerable<int> blocks) =>
        new([.. BundleCase.Ranges(blocks).Select((Extent e) => new JsonArray(e.OffsetBytes, e.LengthBytes))]);
}
