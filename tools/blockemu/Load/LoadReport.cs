using System.Globalization;
using System.Text.Json;
using BlockEmu.Cli.Http;
using BlockEmu.Cli.Output;

namespace BlockEmu.Cli.Load;

/// <summary>What was measured, for people and for programs.</summary>
internal sealed class LoadReport(Printer printer, LoadSettings settings, IReadOnlyList<IReadOnlyList<LoadResult>> results)
{
    private int TargetCount => results[0].Count;

    public void PrintTable()
    {
        for (int t = 0; t < TargetCount; t++)
        {
            printer.Line($"{Letter(t)} = {results[0][t].Uri}");
        }

        List<string> columns = ["CASE", "", "IOPS", "MB/S", "P50 us", "P99 us", "P99.9 us", "MAX us", "ERRORS", "CLIENT CPU"];
        if (TargetCount > 1)
        {
            columns.Insert(2, "A/B");
        }

        printer.Table(columns, results.SelectMany(row => row.Select((result, t) => Row(row[0], result, t))));
        foreach (LoadResult result in results.SelectMany(static r => r))
        {
            if (result.Obstacle is { } obstacle)
            {
                printer.Line($"{result.Load.Name} was left out on {result.Uri}: {obstacle}");
            }
            else if (result.IsClientTheLimit)
            {
                printer.Line($"{result.Load.Name} on {result.Uri}: the client is the limit: one of its threads used more than 90 % of a core");
            }

            if (result.Errors > 0)
            {
                LoadSample sample = result.Samples.First(static s => s.Errors > 0);
                printer.Line($"{result.Load.Name} on {result.Uri}: {result.Errors} errors, the first {sample.FirstError}");
            }
        }
    }

    public void PrintJson() => printer.Json(JsonText.Write(new JsonWriterOptions { Indented = true }, json =>
    {
        json.WriteStartObject();
        json.WriteNumber("seconds", settings.Duration.TotalSeconds);
        json.WriteNumber("warmUpSeconds", settings.WarmUp.TotalSeconds);
        json.WriteNumber("rounds", settings.Rounds);
        json.WriteNumber("spanBytes", settings.SpanBytes);
        json.WriteNumber("seed", settings.Seed);
        json.WriteStartArray("cases");
        foreach (IReadOnlyList<LoadResult> row in results)
        {
            json.WriteStartObject();
            WriteCase(json, row[0].Load);
            json.WriteStartArray("targets");
            foreach (LoadResult result in row)
            {
                WriteResult(json, row[0], result);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }));

    private List<string> Row(LoadResult first, LoadResult result, int target)
    {
        bool isMeasured = result.Obstacle is null;
        List<string> cells =
        [
            target == 0 ? result.Load.Name : "",
            Letter(target),
            .. isMeasured
                ? (string[])
                [
                    Number(result.Median(static s => s.Iops), 0),
                    Number(result.Median(static s => s.MegabytesPerSecond), 1),
                    Number(result.Median(static s => s.P50Microseconds), 1),
                    Number(result.Median(static s => s.P99Microseconds), 1),
                    Number(result.Median(static s => s.P999Microseconds), 1),
                    Number(result.MaxMicroseconds, 0),
                    result.Errors.ToString(CultureInfo.InvariantCulture),
                    $"{Number(result.Median(static s => s.ClientCores) * 100, 0)} %{(result.IsClientTheLimit ? " (limit)" : "")}",
                ]
                : Enumerable.Repeat("-", 8),
        ];
        if (TargetCount > 1)
        {
            cells.Insert(2, Ratio(first, result) is { } ratio ? Number(ratio, 3) : "");
        }

        return cells;
    }

    private static void WriteCase(Utf8JsonWriter json, LoadCase load)
    {
        json.WriteString("case", load.Name);
        json.WriteNumber("blockBytes", load.BlockBytes);
        json.WriteNumber("depth", load.Depth);
        json.WriteNumber("connections", load.Connections);
        json.WriteNumber("readPercent", load.ReadPercent);
        json.WriteBoolean("sequential", load.IsSequential);
        json.WriteBoolean("fua", load.IsFua);
        json.WriteNumber("flushEvery", load.FlushEvery);
        json.WriteBoolean("structured", load.IsStructured);
        json.WriteString("rateIs", load.IsAboutBytes ? "megabytesPerSecond" : "iops");
    }

    private static void WriteResult(Utf8JsonWriter json, LoadResult first, LoadResult result)
    {
        json.WriteStartObject();
        json.WriteString("uri", result.Uri.Text);
        if (result.Obstacle is { } obstacle)
        {
            json.WriteString("leftOut", obstacle);
            json.WriteEndObject();
            return;
        }

        json.WriteNumber("iops", result.Median(static s => s.Iops));
        json.WriteNumber("megabytesPerSecond", result.Median(static s => s.MegabytesPerSecond));
        json.WriteStartObject("latencyMicroseconds");
        json.WriteNumber("p50", result.Median(static s => s.P50Microseconds));
        json.WriteNumber("p99", result.Median(static s => s.P99Microseconds));
        json.WriteNumber("p99.9", result.Median(static s => s.P999Microseconds));
        json.WriteNumber("max", result.MaxMicroseconds);
        json.WriteNumber("flushP50", result.Median(static s => s.FlushP50Microseconds));
        json.WriteEndObject();
        json.WriteNumber("operations", result.Samples.Sum(static s => s.Operations));
        json.WriteNumber("flushes", result.Samples.Sum(static s => s.Flushes));
        json.WriteNumber("errors", result.Errors);
        json.WriteNumber("clientCores", result.Median(static s => s.ClientCores));
        json.WriteBoolean("clientIsTheLimit", result.IsClientTheLimit);
        json.WriteStartArray("rates");
        result.Samples.ForEach(s => json.WriteNumberValue(result.Load.IsAboutBytes ? s.MegabytesPerSecond : s.Iops));
        json.WriteEndArray();
        if (Ratio(first, result) is { } ratio)
        {
            json.WriteNumber("firstToThis", ratio);
        }

        json.WriteEndObject();
    }

    /// <summary>The first target's median over this one's; nothing for the first itself.</summary>
    private static double? Ratio(LoadResult first, LoadResult result) =>
        !ReferenceEquals(first, result) && first.Samples.Count > 0 && result.Rate > 0 ? first.Rate / result.Rate : null;

    private static string Letter(int target) => target < 26 ? ((char)('A' + target)).ToString() : $"#{target + 1}";

    private static string Number(double value, int decimals) => value.ToString($"F{decimals}", CultureInfo.InvariantCulture);
}
