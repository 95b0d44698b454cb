namespace BlockEmu.Oracle.Bundles;

/// <summary>What the client's side knew at a position of the log.</summary>
/// <param name="Sequence">The newest sequence number when the mark was set.</param>
/// <param name="Text">The client's words.</param>
public sealed record BundleMark(long Sequence, string Text);
