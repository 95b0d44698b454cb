using System.Diagnostics;
using System.Globalization;

namespace BlockEmu.Bench.Growth;

/// <summary>The cost of a write, of a flush and of a cut by how much is pending.</summary>
internal sealed class PendingTable(TextWriter output, int rounds)
{
    private static readonly (int LengthBytes, int[] Counts)[] s_rows =
    [
        (4096, [1_000, 10_000, 100_000, 262_144, 1_000_000]),
        (512, [1_000, 10_000, 100_000, 1_000_000, 2_097_152, 8_000_000]),
    ];

    public void Print(int maxPending)
    {
        output.WriteLine("| pending | of | cached | a write, ns | flush, ns each | cut, ns each | recut, ns each | RSS for each byte |");
        output.WriteLine("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach ((int lengthBytes, int[] counts) in s_rows)
        {
            foreach (int count in counts.Where(c => c <= maxPending))
            {
                PendingCost[] costs = [.. Enumerable.Range(0, rounds).Select(_ => MeasureInChild(count, lengthBytes))];
                double Median(Func<PendingCost, double> of) => costs.Select(of).Order().ElementAt(costs.Length / 2);
                string rss = IsWorthwhile(count, lengthBytes) ? $"{Median(static c => c.RssEachByte):F2}" : "-";
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {count:N0} | {lengthBytes} B | {(long)count * lengthBytes / (double)(1 << 20):N1} MiB | {Median(static c => c.WriteNanoseconds):N0} "
                    + $"| {Median(static c => c.FlushNanoseconds):N0} | {Median(static c => c.CutNanoseconds):N0} "
                    + $"| {Median(static c => c.RecutNanoseconds):N0} | {rss} |"));
            }
        }

        output.WriteLine();
    }

    /// <summary>Below that, what the process held before is more.</summary>
    private static bool IsWorthwhile(int count, int lengthBytes) => (long)count * lengthBytes >= 32 << 20;

    private static PendingCost MeasureInChild(int count, int lengthBytes)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "blockemu-micro.dll");
        using Process child = Process.Start(new ProcessStartInfo(
            "dotnet", [program, "growth", "row", $"{count}", $"{lengthBytes}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        string text = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        return child.ExitCode == 0
            ? PendingCost.Parse(text.Trim())
            : throw new InvalidOperationException($"{count} writes of {lengthBytes} bytes ended with exit {child.ExitCode}");
    }
}
