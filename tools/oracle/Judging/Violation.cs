namespace BlockEmu.Oracle.Judging;

/// <summary>One block that the contract does not allow.</summary>
/// <param name="Kind">What it breaks.</param>
/// <param name="OffsetBytes">The block.</param>
/// <param name="RelatedOffsetBytes">A torn atom's other block; <see langword="null"/> otherwise.</param>
/// <param name="Sequences">The commands it is about; the one that is to blame first.</param>
/// <param name="Text">A sentence that says why.</param>
public sealed record Violation(
    ViolationKind Kind, long OffsetBytes, long? RelatedOffsetBytes, IReadOnlyList<long> Sequences, string Text);
