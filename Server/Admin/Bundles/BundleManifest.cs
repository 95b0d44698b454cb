using System.Text.Json;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;

namespace BlockEmu.Server.Admin.Bundles;

/// <summary>Writes a bundle's <c>manifest.json</c> (docs/bundle-format.md, section 2).</summary>
internal static class BundleManifest
{
    public static void Write(Stream output, string diskName, CutEvidence evidence)
    {
        CutReport report = evidence.Report;
        using Utf8JsonWriter json = new(output);
        json.WriteStartObject();
        json.WriteString("format", "blockemu-bundle");
        bool hasOwnPromises = evidence.Commands.Any(c => c.Atomicity != evidence.Atomicity);
        json.WriteNumber("version", hasOwnPromises ? BundleWriter.Version : BundleWriter.VersionWithoutOwnPromises);
        json.WriteStartObject("disk");
        json.WriteString("name", diskName);
        json.WriteNumber("sizeBytes", report.SizeBytes);
        json.WriteNumber("blockSizeBytes", report.BlockSizeBytes);
        json.WriteEndObject();
        WriteAtomicity(json, report.Atomicity);
        WriteReport(json, evidence);
        WritePending(json, evidence);
        json.WriteEndObject();
    }

    private static void WriteAtomicity(Utf8JsonWriter json, AtomicityParameters atomicity)
    {
        json.WriteStartObject("atomicity");
        json.WriteNumber("awunBytes", atomicity.EffectiveAwunBytes);
        json.WriteNumber("awupfBytes", atomicity.EffectiveAwupfBytes);
        json.WriteNumber("acwuBytes", atomicity.EffectiveAcwuBytes);
        json.WriteNumber("nabsnBytes", atomicity.NabsnBytes);
        json.WriteNumber("nabspfBytes", atomicity.NabspfBytes);
        json.WriteNumber("naboBytes", atomicity.NaboBytes);
        json.WriteBoolean("mam", atomicity.Mam);
        json.WriteEndObject();
    }

    private static void WriteReport(Utf8JsonWriter json, CutEvidence evidence)
    {
        CutReport report = evidence.Report;
        json.WriteStartObject("report");
        json.WriteNumber("number", report.Number);
        json.WriteNumber("cutNumber", report.CutNumber);
        json.WriteBoolean("isRecut", report.IsRecut);

        // A string: unsigned 64 bits do not fit what most JSON readers call a number.
        json.WriteString("seed", $"{report.Seed}");
        json.WriteString("loss", report.Loss.ToString());
        json.WriteNumber("newestSequence", report.NewestSequence);
        json.WriteNumber("newestRequiredSequence", report.NewestRequiredSequence);
        json.WriteStartArray("flushBorders");
        foreach (long border in evidence.FlushBorders)
        {
            json.WriteNumberValue(border);
        }

        json.WriteEndArray();
        json.WriteStartArray("marks");
        foreach (DiskMark mark in report.Marks)
        {
            json.WriteStartObject();
            json.WriteNumber("sequence", mark.Sequence);
            json.WriteString("text", mark.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WritePending(Utf8JsonWriter json, CutEvidence evidence)
    {
        Dictionary<long, PendingEntry> entries = evidence.Report.Pending.ToDictionary(p => p.Sequence);
        json.WriteStartArray("pending");
        foreach (EvidenceCommand command in evidence.Commands)
        {
            PendingEntry entry = entries[command.Sequence];
            json.WriteStartObject();
            json.WriteNumber("sequence", command.Sequence);
            json.WriteString("kind", NameOf(command.Kind));
            json.WriteNumber("offsetBytes", command.OffsetBytes);
            json.WriteNumber("lengthBytes", command.LengthBytes);
            json.WriteBoolean("isAcknowledged", command.IsAcknowledged);
            json.WriteBoolean("isFua", command.IsFua);
            json.WriteBoolean("mustSurvive", command.MustSurvive);
            json.WriteBoolean("isFlushCovered", command.IsFlushCovered);
            if (command.Atomicity != evidence.Atomicity)
            {
                WriteAtomicity(json, command.Atomicity);
            }

            WriteRanges(json, "live", command.Live);
            json.WriteString("outcome", NameOf(entry.Outcome));
            WriteRanges(json, "kept", command.Kept);
            WriteRanges(json, "lost", Subtract(command.Live, command.Kept));

            // The evidence has every range, unlike the report, whose lists are bounded.
            json.WriteNumber("rangesOmitted", 0);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRanges(Utf8JsonWriter json, string name, IReadOnlyList<ByteRange> ranges)
    {
        json.WriteStartArray(name);
        foreach (ByteRange range in ranges)
        {
            json.WriteStartArray();
            json.WriteNumberValue(range.OffsetBytes);
            json.WriteNumberValue(range.LengthBytes);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    /// <summary>What of some ranges others don't cover; both ascending and disjoint, the others inside the first.</summary>
    internal static List<ByteRange> Subtract(IReadOnlyList<ByteRange> ranges, IReadOnlyList<ByteRange> others)
    {
        List<ByteRange> rest = [];
        int next = 0;
        foreach (ByteRange range in ranges)
        {
            long position = range.OffsetBytes;
            for (; next < others.Count && others[next].OffsetBytes < range.EndBytes; next++)
            {
                Add(position, others[next].OffsetBytes);
                position = others[next].EndBytes;
                if (position > range.EndBytes)
                {
                    break;
                }
            }

            Add(position, range.EndBytes);
        }

        return rest;

        void Add(long start, long end)
        {
            if (start < end)
            {
                rest.Add(new ByteRange(start, end - start));
            }
        }
    }

    internal static string NameOf(WriteKind kind) => kind switch
    {
        WriteKind.Write => "write",
        WriteKind.WriteZeroes => "write-zeroes",
        _ => "trim",
    };

    internal static string NameOf(PendingOutcome outcome) => outcome switch
    {
        PendingOutcome.Kept => "kept",
        PendingOutcome.Lost => "lost",
        PendingOutcome.Torn => "torn",
        _ => "superseded",
    };
}
