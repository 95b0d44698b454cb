using System.Globalization;
using System.Text.Json;
using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Bundles;

/// <summary>Reads and judges <c>manifest.json</c> (docs/bundle-format.md, section 2).</summary>
internal static class ManifestReader
{
    public const string Entry = "manifest.json";

    public static BundleManifest Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return Read(new JsonField(document.RootElement, null, ""));
        }
        catch (InvalidOperationException e)
        {
            throw new BundleFormatException(Entry, "", "has a member's name that is not valid Unicode", e);
        }
        catch (JsonException e)
        {
            throw new BundleFormatException(Entry, $"line {e.LineNumber + 1}", $"is not JSON: {e.Message}", e);
        }
    }

    private static BundleManifest Read(JsonField root)
    {
        if (root.Member("format").Text() is var format && format != "blockemu-bundle")
        {
            throw root.Member("format").Fault($"'{format}' is not blockemu-bundle");
        }

        if (root.Member("version").Int(0, long.MaxValue) is var version && version is < 1 or > BundleManifest.Version)
        {
            throw root.Member("version").Fault($"version {version} is not known; this reader knows 1 to {BundleManifest.Version}");
        }

        JsonField disk = root.Member("disk");
        AtomicityPromise promise = ReadPromise((int)disk.Member("blockSizeBytes").Int(512, 4096), root.Member("atomicity"));
        long size = disk.Member("sizeBytes").Int(promise.BlockSizeBytes, long.MaxValue);
        if (size % promise.BlockSizeBytes != 0)
        {
            throw disk.Member("sizeBytes").Fault($"{size} is not a multiple of the block");
        }

        JsonField report = root.Member("report");
        long newest = report.Member("newestSequence").Int(0, long.MaxValue);
        long required = report.Member("newestRequiredSequence").Int(0, newest);
        return new BundleManifest
        {
            DiskName = disk.Member("name").Text(),
            SizeBytes = size,
            Promise = promise,
            ReportNumber = report.Member("number").Int(1, long.MaxValue),
            CutNumber = report.Member("cutNumber").Int(1, long.MaxValue),
            IsRecut = report.Member("isRecut").Bool(),
            Seed = ReadSeed(report.Member("seed")),
            Loss = LossRule.Parse(report.Member("loss").Text()) ?? throw report.Member("loss").Fault("is no loss model"),
            NewestSequence = newest,
            NewestRequiredSequence = required,
            FlushBorders = ReadFlushBorders(report.Optional("flushBorders"), required, newest),
            Marks = ReadMarks(report.Optional("marks")),
            Pending = ReadPending(root.Member("pending"), newest, size, promise.BlockSizeBytes, hasOwnPromises: version >= 2),
        };
    }

    private static AtomicityPromise ReadPromise(int blockSizeBytes, JsonField atomicity)
    {
        AtomicityPromise promise = new(
            blockSizeBytes,
            atomicity.Member("awupfBytes").Int(0, long.MaxValue),
            atomicity.Member("nabspfBytes").Int(0, long.MaxValue),
            atomicity.Member("naboBytes").Int(0, long.MaxValue),
            atomicity.Member("mam").Bool());
        foreach (string other in (string[])["awunBytes", "acwuBytes", "nabsnBytes"])
        {
            long most = AtomicityPromise.MaxUnitBlocks * promise.BlockSizeBytes;
            if (atomicity.Member(other).Int(0, most) % promise.BlockSizeBytes != 0)
            {
                throw atomicity.Member(other).Fault("is not a multiple of the block");
            }
        }

        return promise.Fault() is { } fault ? throw atomicity.Fault(fault) : promise;
    }

    private static ulong ReadSeed(JsonField seed) =>
        ulong.TryParse(seed.Text(), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
            ? value
            : throw seed.Fault("is not an unsigned 64-bit number in decimal digits");

    private static List<long> ReadFlushBorders(JsonField? borders, long required, long newest)
    {
        List<long> read = [];
        foreach (JsonField border in borders?.Items() ?? [])
        {
            long sequence = border.Int(0, newest);
            long before = read.Count == 0 ? required : read[^1];
            read.Add(sequence > before ? sequence : throw border.Fault($"{sequence} is not above {before} before it"));
        }

        return read;
    }

    private static List<BundleMark> ReadMarks(JsonField? marks)
    {
        List<BundleMark> read = [];
        foreach (JsonField mark in marks?.Items() ?? [])
        {
            read.Add(new BundleMark(mark.Member("sequence").Int(0, long.MaxValue), mark.Member("text").Text()));
        }

        return read;
    }

    private static List<BundleCommand> ReadPending(
        JsonField pending, long newest, long sizeBytes, int blockSizeBytes, bool hasOwnPromises)
    {
        List<BundleCommand> commands = [];
        foreach (JsonField command in pending.Items())
        {
            BundleCommand read = ReadCommand(command, newest, sizeBytes, blockSizeBytes);
            if (hasOwnPromises && command.Optional("atomicity") is { } own)
            {
                read = read with { Promise = ReadPromise(blockSizeBytes, own) };
            }

            if (commands.Count > 0 && read.Sequence <= commands[^1].Sequence)
            {
                throw command.Fault($"sequence {read.Sequence} is not above {commands[^1].Sequence} before it");
            }

            commands.Add(read);
        }

        return commands;
    }

    private static BundleCommand ReadCommand(JsonField command, long newest, long sizeBytes, int blockSizeBytes)
    {
        Extent range = ReadRange(
            command, command.Member("offsetBytes"), command.Member("lengthBytes"), new Extent(0, sizeBytes), blockSizeBytes);
        bool isAcknowledged = command.Member("isAcknowledged").Bool();
        bool isFlushCovered = command.Optional("isFlushCovered")?.Bool() ?? false;
        if (isFlushCovered && !isAcknowledged)
        {
            throw command.Member("isFlushCovered").Fault("is true, but a flush covers only what was acknowledged");
        }

        return new BundleCommand
        {
            Sequence = command.Member("sequence").Int(0, newest),
            Kind = ReadKind(command.Member("kind")),
            Range = range,
            IsAcknowledged = isAcknowledged,
            IsFua = command.Member("isFua").Bool(),
            MustSurvive = command.Optional("mustSurvive")?.Bool() ?? false,
            IsFlushCovered = isFlushCovered,
            Live = ReadRanges(command.Member("live"), range, blockSizeBytes),
            Outcome = ReadOutcome(command.Member("outcome")),
            Kept = ReadRanges(command.Member("kept"), range, blockSizeBytes),
            Lost = ReadRanges(command.Member("lost"), range, blockSizeBytes),
            RangesOmitted = command.Member("rangesOmitted").Int(0, long.MaxValue),
        };
    }

    private static StepKind ReadKind(JsonField kind) => kind.Text() switch
    {
        "write" => StepKind.Write,
        "write-zeroes" => StepKind.WriteZeroes,
        "trim" => StepKind.Trim,
        var other => throw kind.Fault($"'{other}' is none of write, write-zeroes, trim"),
    };

    private static BundleOutcome ReadOutcome(JsonField outcome) => outcome.Text() switch
    {
        "kept" => BundleOutcome.Kept,
        "lost" => BundleOutcome.Lost,
        "torn" => BundleOutcome.Torn,
        "superseded" => BundleOutcome.Superseded,
        var other => throw outcome.Fault($"'{other}' is none of kept, lost, torn, superseded"),
    };

    private static List<Extent> ReadRanges(JsonField ranges, Extent within, int blockSizeBytes)
    {
        List<Extent> read = [];
        foreach (JsonField item in ranges.Items())
        {
            if (item.ItemCount() != 2)
            {
                throw item.Fault("is not [offset, length]");
            }

            JsonField[] pair = [.. item.Items()];
            Extent range = ReadRange(item, pair[0], pair[1], within, blockSizeBytes);
            if (read.Count > 0 && range.OffsetBytes < read[^1].EndBytes)
            {
                throw item.Fault("is not ascending and disjoint");
            }

            read.Add(range);
        }

        return read;
    }

    private static Extent ReadRange(JsonField place, JsonField offset, JsonField length, Extent within, int blockSizeBytes)
    {
        Extent range = new(offset.Int(0, long.MaxValue), length.Int(1, long.MaxValue));
        bool isInside = range.OffsetBytes >= within.OffsetBytes && range.LengthBytes <= within.LengthBytes
            && range.OffsetBytes - within.OffsetBytes <= within.LengthBytes - range.LengthBytes;
        if (!isInside || range.OffsetBytes % blockSizeBytes != 0 || range.LengthBytes % blockSizeBytes != 0)
        {
            throw place.Fault(
                $"{range.OffsetBytes}+{range.LengthBytes} is not whole blocks inside {within.OffsetBytes}+{within.LengthBytes}");
        }

        return range;
    }
}
