using BlockEmu.Oracle.Atoms;

namespace BlockEmu.Oracle.Bundles;

/// <summary><c>manifest.json</c>, judged.</summary>
public sealed record BundleManifest
{
    /// <summary>The newest version there is; 1 is the same without a command's own atomicity.</summary>
    public const int Version = 2;

    /// <summary>For people.</summary>
    public required string DiskName { get; init; }

    /// <summary>The disk's size.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Block and atomicity, for every command without its own.</summary>
    public required AtomicityPromise Promise { get; init; }

    /// <summary>The report's number on its disk.</summary>
    public required long ReportNumber { get; init; }

    /// <summary>The cut's.</summary>
    public required long CutNumber { get; init; }

    /// <summary>Whether it is the same cut judged again.</summary>
    public required bool IsRecut { get; init; }

    /// <summary>The seed of the coins.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The loss model.</summary>
    public required LossRule Loss { get; init; }

    /// <summary>The newest step at the cut.</summary>
    public required long NewestSequence { get; init; }

    /// <summary>The newest required step; 0 = none.</summary>
    public required long NewestRequiredSequence { get; init; }

    /// <summary>The newest step when a flush was accepted, for flushes after the newest required step; ascending.</summary>
    public required IReadOnlyList<long> FlushBorders { get; init; }

    /// <summary>The marks before the cut.</summary>
    public required IReadOnlyList<BundleMark> Marks { get; init; }

    /// <summary>The pending commands, ascending by sequence.</summary>
    public required IReadOnlyList<BundleCommand> Pending { get; init; }
}
