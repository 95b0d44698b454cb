namespace BlockEmu.Device.Power;

/// <summary>A cut happened, and the medium did not let it be judged: the disk is off, its platter is what it was before the cut, and
/// what was pending is kept. A recut tries again.</summary>
public sealed class CutNotJudgedException(string message, Exception inner) : Exception(message, inner);
