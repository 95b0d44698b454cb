using System.Text.Json;
using BlockEmu.Cli.Http;
using BlockEmu.Cli.Output;

namespace BlockEmu.Cli.Probe;

/// <summary>What was found, for people and for programs.</summary>
internal sealed class ProbeReport(Printer printer, ProbeFindings findings, IReadOnlyList<string> differences, bool isCheck)
{
    private readonly ProbeAnswer[] _answers = [.. findings.Answers];

    public void PrintTable()
    {
        printer.Line($"{findings.Settings.Uri}: {Printer.Size(findings.Target.Export.SizeBytes)}, {findings.Target.Export.Flags}");
        printer.Line(
            $"overwritten: the first {Printer.Size(findings.Target.SpanBytes)}; seed {findings.Settings.Seed}, {findings.Connections} connections");
        printer.Table(["QUESTION", "ANSWER", "EVIDENCE"], _answers.Select(static a => (string[])[a.Question, a.Text, a.Evidence]));
        printer.Table(
            ["WRITE OF", "READS", "TORN", "PAIRS", "MIXED", "CUTS: TRIES", "TORN"],
            findings.Reads.Sizes.Select((read, i) => (string[])
            [
                Printer.Size(read.WriteBytes), $"{read.Tries}", $"{read.Torn}", $"{findings.Mixes.Sizes[i].Tries}", $"{findings.Mixes.Sizes[i].Torn}",
                .. findings.Cut?.Table.Sizes.ElementAtOrDefault(i) is { } cut ? (string[])[$"{cut.Tries}", $"{cut.Torn}"] : ["-", "-"],
            ]));
        foreach (string violation in findings.Cut?.Violations ?? [])
        {
            printer.Line($"after a cut: {violation}");
        }

        if (isCheck)
        {
            printer.Line(differences.Count == 0 ? "as expected" : "NOT AS EXPECTED");
            differences.ToList().ForEach(d => printer.Line($"  {d}"));
        }
    }

    public void PrintJson() => printer.Json(JsonText.Write(new JsonWriterOptions { Indented = true }, json =>
    {
        json.WriteStartObject();
        json.WriteString("uri", findings.Settings.Uri.Text);
        json.WriteNumber("seed", findings.Settings.Seed);
        json.WriteNumber("seconds", findings.Settings.Duration.TotalSeconds);
        json.WriteNumber("sizeBytes", findings.Target.Export.SizeBytes);
        json.WriteString("flags", findings.Target.Export.Flags.ToString());
        json.WriteNumber("spanBytes", findings.Target.SpanBytes);
        json.WriteNumber("grainBytes", findings.Target.GrainBytes);
        json.WriteNumber("connections", findings.Connections);
        json.WriteStartObject("answers");
        foreach (ProbeAnswer answer in _answers)
        {
            json.WritePropertyName(answer.Key);
            json.WriteRawValue(answer.JsonText);
        }

        json.WriteEndObject();
        json.WriteStartObject("evidence");
        Array.ForEach(_answers, a => json.WriteString(a.Key, a.Evidence));
        json.WriteEndObject();
        WriteSizes(json, "reads", findings.Reads);
        WriteSizes(json, "pairsOfWriters", findings.Mixes);
        if (findings.Cut is { } cut)
        {
            WriteCuts(json, cut);
        }

        if (isCheck)
        {
            json.WriteBoolean("asExpected", differences.Count == 0);
            WriteTexts(json, "differences", differences);
        }

        json.WriteEndObject();
    }));

    private static void WriteCuts(Utf8JsonWriter json, CutTrial cut)
    {
        json.WriteNumber("cuts", cut.Cuts);
        WriteSizes(json, "cutWrites", cut.Table);
        foreach (CutGroup group in Enum.GetValues<CutGroup>())
        {
            CutCounts counts = cut.CountsOf(group);
            json.WriteStartObject(group switch { CutGroup.Plain => "plainWrites", CutGroup.Flushed => "flushedWrites", _ => "fuaWrites" });
            json.WriteNumber("kept", counts.Kept);
            json.WriteNumber("lost", counts.Lost);
            json.WriteNumber("torn", counts.Torn);
            json.WriteEndObject();
        }

        WriteTexts(json, "violations", cut.Violations);
    }

    private static void WriteSizes(Utf8JsonWriter json, string name, TearTable table)
    {
        json.WriteStartArray(name);
        foreach (TearTally size in table.Sizes)
        {
            json.WriteStartObject();
            json.WriteNumber("bytes", size.WriteBytes);
            json.WriteNumber("tries", size.Tries);
            json.WriteNumber("torn", size.Torn);
            if (size.Example is { } example)
            {
                json.WriteNumber("firstOffsetBytes", example.OffsetBytes);
                json.WriteNumber("firstTornAtBytes", example.AtBytes);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (string text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
