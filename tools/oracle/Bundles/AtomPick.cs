namespace BlockEmu.Oracle.Bundles;

/// <summary>One item of <c>explicit:</c>: atoms of one step.</summary>
/// <param name="Sequence">The step.</param>
/// <param name="First">Its first atom.</param>
/// <param name="Last">Its last atom, inclusive.</param>
public readonly record struct AtomPick(long Sequence, long First, long Last);
