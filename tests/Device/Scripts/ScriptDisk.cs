using System.Globalization;
using System.Text;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;

namespace BlockEmu.Device.Tests.Scripts;

/// <summary>Carries out one command of a script and answers in text. A block's content is one letter, repeated.</summary>
internal sealed class ScriptDisk : IDisposable
{
    private readonly Dictionary<string, InFlightWrite> _begun = new(StringComparer.Ordinal);
    private (long Flush, long Covered) _flush;
    private Disk? _disk;

    private Disk Disk => _disk ?? throw new FormatException("a script begins with 'disk'");

    private int Block => Disk.Options.BlockSizeBytes;

    public void Dispose() => _disk?.Dispose();

    public string Run(string line)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words[0] switch
        {
            "disk" => Open(words[1..]),
            "write" => Write(words),
            "begin" => Begin(words),
            "ack" => Acknowledge(words[1]),
            "zero" => Say(Disk.WriteZeroes(Disk.PowerEpoch, At(words[1]), At(words[2]), IsFua(words), mayPunchHole: true)),
            "trim" => Say(Disk.Trim(Disk.PowerEpoch, At(words[1]), At(words[2]), IsFua(words))),
            "flush" => Say(Disk.Flush(Disk.PowerEpoch)),
            "accept-flush" => AcceptFlush(),
            "end-flush" => EndFlush(),
            "read" => Read(At(words[1]), At(words[2])),
            "set" => Set(words[1..]),
            "cut" => Describe(Disk.Cut(Seed(words), Loss(words))),
            "recut" => Describe(Disk.Recut(Seed(words), Loss(words))),
            "on" => PowerOn(),
            "shutdown" => Say(Disk.Shutdown()),
            "pending" => $"{Disk.GetStatistics().PendingCommands} commands, {Disk.GetStatistics().CachedBytes / Block} blocks",
            "dump" => Dump(),
            _ => throw new FormatException($"'{words[0]}' is no script command"),
        };
    }

    private static bool IsFua(string[] words) => words[^1] == "fua";

    private static string Say(DiskStatus status) => status == DiskStatus.Ok ? "ok" : status.ToString();

    private static ulong? Seed(string[] words) =>
        words.FirstOrDefault(w => w.StartsWith("seed=", StringComparison.Ordinal)) is string word ? ulong.Parse(word[5..]) : null;

    private static LossModel? Loss(string[] words)
    {
        string? word = words.FirstOrDefault(w => w.StartsWith("loss=", StringComparison.Ordinal));
        return word is null ? null
            : LossModel.TryParse(word[5..], out LossModel model, out string fault) ? model
            : throw new FormatException(fault);
    }

    private static string Describe(CutReport report)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"kept {report.CommandsKept}, lost {report.CommandsLost}, ");
        text.Append(CultureInfo.InvariantCulture, $"torn {report.CommandsTorn}, superseded {report.CommandsSuperseded}");
        foreach (PendingEntry entry in report.Pending)
        {
            string state = entry.IsAcknowledged ? "acknowledged" : "in flight";
            text.Append(CultureInfo.InvariantCulture, $"\n{entry.Sequence} {entry.Kind} {state} {entry.Outcome}");
            if (entry.Outcome == PendingOutcome.Torn)
            {
                text.Append(" kept ").AppendJoin(' ', entry.Kept.Select(r => Blocks(r, report.BlockSizeBytes)));
            }
        }

        return text.ToString().ToLowerInvariant();
    }

    private static string Blocks(ByteRange range, int block) =>
        range.LengthBytes == block ? $"{range.OffsetBytes / block}" : $"{range.OffsetBytes / block}-{(range.EndBytes / block) - 1}";

    private long At(string blocks) => long.Parse(blocks, CultureInfo.InvariantCulture) * Block;

    private static Dictionary<string, string> Keys(string[] words) =>
        words.Select(w => w.Split('=')).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);

    private static long Bytes(Dictionary<string, string> keys, string key, int block, long otherwise) =>
        keys.TryGetValue(key, out string? value) ? long.Parse(value, CultureInfo.InvariantCulture) * block : otherwise;

    private static AtomicityParameters Promise(Dictionary<string, string> keys, int block)
    {
        long awupf = Bytes(keys, "awupf", block, 8L * block);
        return new AtomicityParameters
        {
            AwunBytes = Math.Max(awupf, Bytes(keys, "awun", block, awupf)),
            AwupfBytes = awupf,
            AcwuBytes = awupf,
            NabsnBytes = keys.ContainsKey("mam") ? awupf : 0,
            NabspfBytes = Bytes(keys, "nabspf", block, 0),
            NaboBytes = Bytes(keys, "nabo", block, 0),
            Mam = keys.ContainsKey("mam"),
            Dn = keys.ContainsKey("dn"),
        };
    }

    /// <summary><c>set KEY=BLOCKS ...</c>: other promises from now on.</summary>
    private string Set(string[] words)
    {
        Disk.Change(o => o with { Atomicity = Promise(Keys(words), Block) });
        return "ok";
    }

    private string Open(string[] words)
    {
        Dictionary<string, string> keys = Keys(words);
        int block = int.Parse(keys.GetValueOrDefault("block", "512"), CultureInfo.InvariantCulture);
        _disk = new Disk(new DiskOptions
        {
            Name = "script",
            BlockSizeBytes = block,
            SizeBytes = Bytes(keys, "size", block, 64L * block),
            CacheBytes = Bytes(keys, "cache", block, 1024L * block),
            Seed = 1,
            Atomicity = Promise(keys, block),
        });
        return "ok";
    }

    private byte[] Payload(string letters)
    {
        byte[] payload = new byte[letters.Length * Block];
        for (int i = 0; i < letters.Length; i++)
        {
            payload.AsSpan(i * Block, Block).Fill(letters[i] == '.' ? (byte)0 : (byte)letters[i]);
        }

        return payload;
    }

    private string Write(string[] words) =>
        Say(Disk.Write(Disk.PowerEpoch, At(words[1]), Payload(words[2]), IsFua(words)));

    /// <summary><c>begin NAME LBA LETTERS</c>: visible, not yet acknowledged.</summary>
    private string Begin(string[] words)
    {
        byte[] payload = Payload(words[3]);
        _begun[words[1]] = InFlightWrite.Begin(Disk, new ByteRange(At(words[2]), payload.Length), payload, IsFua(words));
        return "in flight";
    }

    private string Acknowledge(string name) => _begun[name].TryAcknowledge() ? "ok" : "in flight";

    /// <summary>Carries out the flush that was accepted last.</summary>
    private string EndFlush()
    {
        lock (Disk.Core.Gate)
        {
            Disk.Core.PersistAcknowledged(_flush.Covered);
            Disk.Core.AcknowledgeFlush(_flush.Flush, _flush.Covered);
        }

        return "ok";
    }

    /// <summary>A flush that is accepted, and not answered.</summary>
    private string AcceptFlush()
    {
        lock (Disk.Core.Gate)
        {
            _flush = (Disk.Core.AcceptFlush(), Disk.Core.AcknowledgeOrder);
        }

        return "in progress";
    }

    private string Read(long offset, long length)
    {
        byte[] bytes = new byte[length];
        DiskStatus status = Disk.Read(Disk.PowerEpoch, offset, bytes);
        return status == DiskStatus.Ok ? Letters(bytes) : status.ToString();
    }

    private string PowerOn()
    {
        Disk.PowerOn();
        return "ok";
    }

    /// <summary>The platter, as runs of equal blocks; zero blocks are left out.</summary>
    private string Dump()
    {
        byte[] bytes = new byte[Disk.SizeBytes];
        Disk.ReadPlatter(read => read(0, bytes));
        string letters = Letters(bytes);
        StringBuilder text = new();
        for (int i = 0; i < letters.Length;)
        {
            int end = i + 1;
            while (end < letters.Length && letters[end] == letters[i])
            {
                end++;
            }

            if (letters[i] != '.')
            {
                text.Append(CultureInfo.InvariantCulture, $"{(text.Length == 0 ? "" : "\n")}{(end == i + 1 ? $"{i}" : $"{i}-{end - 1}")} {letters[i]}");
            }

            i = end;
        }

        return text.Length == 0 ? "all zero" : text.ToString();
    }

    private string Letters(byte[] bytes)
    {
        StringBuilder text = new();
        for (int i = 0; i < bytes.Length; i += Block)
        {
            ReadOnlySpan<byte> block = bytes.AsSpan(i, Block);
            text.Append(block.ContainsAnyExcept(block[0]) ? '?' : block[0] == 0 ? '.' : (char)block[0]);
        }

        return text.ToString();
    }
}
