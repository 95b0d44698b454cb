using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Power;

/// <summary>One pending command in a report.</summary>
public sealed record PendingEntry
{
    /// <summary>The step's number in the disk's total order.</summary>
    public required long Sequence { get; init; }

    /// <summary>Write, WriteZeroes or Trim.</summary>
    public required WriteKind Kind { get; init; }

    /// <summary>First byte, a multiple of the block.</summary>
    public required long OffsetBytes { get; init; }

    /// <summary>Length in bytes, a multiple of the block.</summary>
    public required long LengthBytes { get; init; }

    /// <summary>Whether its completion had been decided.</summary>
    public required bool IsAcknowledged { get; init; }

    /// <summary>Whether it asked for FUA (then it was in flight).</summary>
    public required bool IsFua { get; init; }

    /// <summary>How many atoms the command became.</summary>
    public required long AtomCount { get; init; }

    /// <summary>The promises it was accepted under, where they are others than <see cref="CutReport.Atomicity"/>.</summary>
    public AtomicityParameters? Atomicity { get; init; }

    /// <summary>What the cut did.</summary>
    public required PendingOutcome Outcome { get; init; }

    /// <summary>The ranges that survived: all, none, or some (then the command is torn). At most
    /// <see cref="MaxRanges"/>; <see cref="RangesOmitted"/> counts the rest.</summary>
    public IReadOnlyList<ByteRange> Kept { get; init; } = [];

    /// <summary>The ranges that did not survive, under the same bound.</summary>
    public IReadOnlyList<ByteRange> Lost { get; init; } = [];

    /// <summary>The ranges dead under newer persistent versions, under the same bound.</summary>
    public IReadOnlyList<ByteRange> Superseded { get; init; } = [];

    /// <summary>How many ranges were left out of the three lists.</summary>
    public int RangesOmitted { get; init; }

    /// <summary>The bound of each list.</summary>
    public const int MaxRanges = 64;
}
