using System.Text.Json;

namespace BlockEmu.Cli.Output;

/// <summary>A cut's report for people.</summary>
internal static class ReportText
{
    /// <summary>More rows than these are the business of <c>reports DISK N --limit</c>.</summary>
    private const int MaxRows = 20;

    public static void Print(Printer printer, JsonElement report, int maxRows = MaxRows)
    {
        printer.Line($"{report.Text("disk")}: report {report.Text("number")}, cut {report.Text("cut")}"
            + $"{(report.Flag("isRecut") ? " (judged again)" : "")}, seed {report.Text("seed")}, loss {report.Text("loss")}");
        printer.Line($"  pending commands {report.Text("pendingTotal")} ({report.Text("pendingBytes")} bytes): kept {report.Text("commandsKept")}, "
            + $"lost {report.Text("commandsLost")}, torn {report.Text("commandsTorn")}, superseded {report.Text("commandsSuperseded")}");
        printer.Line($"  atoms: kept {report.Text("atomsKept")}, lost {report.Text("atomsLost")}");
        foreach (JsonElement mark in report.Items("marks"))
        {
            printer.Line($"  mark at {mark.Text("sequence")}: {mark.Text("text")}");
        }

        JsonElement[] pending = [.. report.Items("pending")];
        if (pending.Length == 0)
        {
            return;
        }

        printer.Table(
            ["SEQUENCE", "COMMAND", "OFFSET", "LENGTH", "OUTCOME", "KEPT", "LOST"],
            pending.Take(maxRows).Select(static p => (string[])
            [
                p.Text("sequence"), p.Text("kind") + (p.Flag("isFua") ? " fua" : ""), p.Text("offsetBytes"), p.Text("lengthBytes"),
                p.Text("outcome"), Ranges(p, "kept"), Ranges(p, "lost"),
            ]));
        long next = report.Number("offset") + Math.Min(pending.Length, maxRows);
        long rest = report.Number("pendingTotal") - next;
        if (rest > 0)
        {
            printer.Line($"  and {rest} more: blockemu reports {report.Text("disk")} {report.Text("number")} --offset {next}");
        }
    }

    private static string Ranges(JsonElement pending, string name)
    {
        const int MaxShown = 3;
        string[] ranges = [.. pending.Items(name).Select(static r => $"{r.Number("offsetBytes")}+{r.Number("lengthBytes")}")];
        return string.Join(' ', ranges.Take(MaxShown)) + (ranges.Length > MaxShown ? $" ... ({ranges.Length})" : "");
    }
}
