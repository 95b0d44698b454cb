namespace BlockEmu.Oracle.Judging;

/// <summary>What is demanded of a pending atom beyond the contract: by a loss model, a claim or a seed.</summary>
internal enum AtomFate
{
    /// <summary>Nothing.</summary>
    Free,

    /// <summary>It must be in S.</summary>
    Kept,

    /// <summary>It must not be in S.</summary>
    Lost,
}
