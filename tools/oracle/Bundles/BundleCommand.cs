using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Bundles;

/// <summary>One pending command of a bundle. Ranges are block-aligned, ascending and disjoint, inside the command.</summary>
public sealed record BundleCommand
{
    /// <summary>Its place in the total order.</summary>
    public required long Sequence { get; init; }

    /// <summary>Write, WriteZeroes or Trim.</summary>
    public required StepKind Kind { get; init; }

    /// <summary>The whole command.</summary>
    public required Extent Range { get; init; }

    /// <summary>Whether its completion was decided.</summary>
    public required bool IsAcknowledged { get; init; }

    /// <summary>Whether it asked for FUA.</summary>
    public required bool IsFua { get; init; }

    /// <summary>Whether it had to survive whatever the model said: a destage of it had failed half way.</summary>
    public bool MustSurvive { get; init; }

    /// <summary>What it was promised when it was accepted; null = what the manifest says for all.</summary>
    public AtomicityPromise? Promise { get; init; }

    /// <summary>Whether a flush covers it that was not acknowledged as good.</summary>
    public bool IsFlushCovered { get; init; }

    /// <summary>The parts that are not superseded.</summary>
    public required IReadOnlyList<Extent> Live { get; init; }

    /// <summary>The claim.</summary>
    public required BundleOutcome Outcome { get; init; }

    /// <summary>The live parts that survived, as claimed.</summary>
    public required IReadOnlyList<Extent> Kept { get; init; }

    /// <summary>The live parts that did not, as claimed.</summary>
    public required IReadOnlyList<Extent> Lost { get; init; }

    /// <summary>0: the two lists are complete.</summary>
    public required long RangesOmitted { get; init; }

    /// <summary>The data of a Write's live parts; nothing but zeroes for the other kinds.</summary>
    public ExtentImage Data { get; } = new();
}
