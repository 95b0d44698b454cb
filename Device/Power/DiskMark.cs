namespace BlockEmu.Device.Power;

/// <summary>A mark in the event log: what the client's side knew at that position.</summary>
/// <param name="Sequence">The newest sequence number when the mark was set.</param>
/// <param name="Text">The client's words.</param>
public sealed record DiskMark(long Sequence, string Text);
