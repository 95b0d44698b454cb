namespace BlockEmu.Oracle.Judging;

/// <summary>How a judgement is carried out.</summary>
public sealed record JudgeOptions
{
    /// <summary>The defaults: the contract alone.</summary>
    public static JudgeOptions Default { get; } = new();

    /// <summary>The loss model to hold the platter to, on top of the contract.</summary>
    public LossClaim Loss { get; init; }

    /// <summary>Whether blocks that no step covers are compared with the first content.</summary>
    public bool ChecksUntouched { get; init; } = true;

    /// <summary>How many looks at versions and blocks the judgement may cost before it is undecided.</summary>
    public long Budget { get; init; } = 200_000_000;

    /// <summary>How many violations are told.</summary>
    public int MaxViolations { get; init; } = 16;
}
