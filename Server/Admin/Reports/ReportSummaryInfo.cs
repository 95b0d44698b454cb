using System.Diagnostics.CodeAnalysis;
using BlockEmu.Device.Power;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Admin.Reports;

/// <summary>A cut's report without its pending commands.</summary>
public record ReportSummaryInfo
{
    /// <summary>The version of the reports' shape.</summary>
    public const int CurrentVersion = 1;

    [SetsRequiredMembers]
    internal ReportSummaryInfo(DiskControl control, CutReport report)
    {
        Disk = control.Disk.Name;
        Number = report.Number;
        Cut = report.CutNumber;
        IsRecut = report.IsRecut;
        Time = control.TimeOf(report);
        Seed = report.Seed;
        Loss = report.Loss.ToString();
        SizeBytes = report.SizeBytes;
        BlockBytes = report.BlockSizeBytes;
        NewestSequence = report.NewestSequence;
        NewestRequiredSequence = report.NewestRequiredSequence;
        PendingBytes = report.PendingBytes;
        PendingTotal = report.Pending.Count;
        CommandsKept = report.CommandsKept;
        CommandsLost = report.CommandsLost;
        CommandsTorn = report.CommandsTorn;
        CommandsSuperseded = report.CommandsSuperseded;
        AtomsKept = report.AtomsKept;
        AtomsLost = report.AtomsLost;
    }

    public int Version { get; } = CurrentVersion;

    public required string Disk { get; init; }

    /// <summary>The report's number, from 1; a recut has its own.</summary>
    public required int Number { get; init; }

    /// <summary>The cut's number, from 1; its recuts share it.</summary>
    public required int Cut { get; init; }

    public required bool IsRecut { get; init; }

    /// <summary>When the report was made.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Given to a recut, with the loss model, it makes this report again.</summary>
    public required ulong Seed { get; init; }

    public required string Loss { get; init; }

    public required long SizeBytes { get; init; }

    public required int BlockBytes { get; init; }

    /// <summary>The newest step.</summary>
    public required long NewestSequence { get; init; }

    /// <summary>The newest step that was persistent; 0 = none since power on.</summary>
    public required long NewestRequiredSequence { get; init; }

    /// <summary>Payload that was pending.</summary>
    public required long PendingBytes { get; init; }

    /// <summary>Pending commands, by outcome in the next four.</summary>
    public required int PendingTotal { get; init; }

    public required int CommandsKept { get; init; }

    public required int CommandsLost { get; init; }

    public required int CommandsTorn { get; init; }

    public required int CommandsSuperseded { get; init; }

    public required long AtomsKept { get; init; }

    public required long AtomsLost { get; init; }
}
