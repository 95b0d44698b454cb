namespace BlockEmu.Oracle.Judging;

/// <summary>How a judgement ended.</summary>
public enum VerdictKind
{
    /// <summary>Some subset of the pending atoms explains every block.</summary>
    Legal,

    /// <summary>None does, or a demand that was made on top of the contract is not met.</summary>
    Illegal,

    /// <summary>The work budget ran out. Counts as failed.</summary>
    Undecided,
}
