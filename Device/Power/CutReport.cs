using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Power;

/// <summary>What a power cut took and what it left (SEMANTICS 4). The same event log, seed and model give the same
/// report, on any machine.</summary>
public sealed record CutReport
{
    /// <summary>The report's number on its disk, from 1; a recut has its own.</summary>
    public required int Number { get; init; }

    /// <summary>The cut's number on its disk, from 1; recuts of one cut share it.</summary>
    public required int CutNumber { get; init; }

    /// <summary>Whether this is the same cut judged again.</summary>
    public required bool IsRecut { get; init; }

    /// <summary>The seed of this cut's coins; giving it to a recut repeats this report. Drawn seeds fit 53 bits.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The loss model.</summary>
    public required LossModel Loss { get; init; }

    /// <summary>The promises that were in force at the cut; a command accepted under others says so itself.</summary>
    public required AtomicityParameters Atomicity { get; init; }

    /// <summary>Logical block size, bytes.</summary>
    public required int BlockSizeBytes { get; init; }

    /// <summary>The disk's size, bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The newest sequence number at the cut.</summary>
    public required long NewestSequence { get; init; }

    /// <summary>The newest sequence number that was required (persistent) at the cut; 0 = none since power on.</summary>
    public required long NewestRequiredSequence { get; init; }

    /// <summary>Payload bytes that were pending.</summary>
    public required long PendingBytes { get; init; }

    /// <summary>Pending commands by outcome.</summary>
    public required int CommandsKept { get; init; }

    /// <inheritdoc cref="CommandsKept"/>
    public required int CommandsLost { get; init; }

    /// <inheritdoc cref="CommandsKept"/>
    public required int CommandsTorn { get; init; }

    /// <inheritdoc cref="CommandsKept"/>
    public required int CommandsSuperseded { get; init; }

    /// <summary>Pending atoms that survived.</summary>
    public required long AtomsKept { get; init; }

    /// <summary>Pending atoms that did not survive.</summary>
    public required long AtomsLost { get; init; }

    /// <summary>The marks set before the cut, oldest first (the newest <see cref="Disk.MaxMarks"/>).</summary>
    public required IReadOnlyList<DiskMark> Marks { get; init; }

    /// <summary>Every pending command, in sequence order.</summary>
    public required IReadOnlyList<PendingEntry> Pending { get; init; }

    /// <summary>Whether <see cref="Pending"/> was let go to bound memory (only in reports that are not the newest).</summary>
    public bool IsPendingDropped { get; init; }
}
