using BlockEmu.Oracle.Images;

namespace BlockEmu.Oracle.Judging;

/// <summary>What is to be judged, wherever it came from.</summary>
/// <param name="SizeBytes">The disk's size.</param>
/// <param name="BlockSizeBytes">Its block.</param>
/// <param name="First">The first content.</param>
/// <param name="Platter">What the cut left.</param>
/// <param name="Versions">Every step, ascending by sequence.</param>
internal sealed record JudgeCase(
    long SizeBytes, int BlockSizeBytes, IPlatterImage First, IPlatterImage Platter, IReadOnlyList<Version> Versions)
{
    /// <summary>The newest required sequence number; 0 = none.</summary>
    public long NewestRequiredSequence { get; init; } = Versions.LastOrDefault(v => v.IsRequired)?.Sequence ?? 0;

    /// <summary>The newest step when a flush was accepted, ascending, each once.</summary>
    public IReadOnlyList<long> FlushBorders { get; init; } = [];

    /// <summary>What people call the first content.</summary>
    public string FirstName { get; init; } = "the first content";
}
