using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;

namespace BlockEmu.Oracle.Judging;

/// <summary>One step as the search sees it.</summary>
/// <param name="Sequence">Its place in the total order.</param>
/// <param name="IsRequired">Whether it is persistent; otherwise pending.</param>
/// <param name="IsAcknowledged">Whether its completion was decided.</param>
/// <param name="Content">What its blocks hold.</param>
/// <param name="Atoms">The cut of the whole command.</param>
/// <param name="Live">The parts to look at, ascending and disjoint: of a trace's step all of it, of a bundle's command what
/// is not superseded.</param>
internal sealed record Version(
    long Sequence, bool IsRequired, bool IsAcknowledged, IVersionContent Content, AtomLayout Atoms,
    IReadOnlyList<Extent> Live)
{
    /// <summary>Whether it was acknowledged before the newest flush was accepted.</summary>
    public bool IsFlushCovered { get; init; }
}
