namespace BlockEmu.Oracle.Judging;

/// <summary>What a block breaks.</summary>
public enum ViolationKind
{
    /// <summary>A required step is gone: the first content shows.</summary>
    RequiredLost,

    /// <summary>A required step is gone: an older version under it, which is dead, shows.</summary>
    SupersededReturned,

    /// <summary>An atom shows in one block and is missing in another.</summary>
    TornAtom,

    /// <summary>The block shows something that nobody wrote there.</summary>
    ForeignData,

    /// <summary>No step covers the block, and it changed.</summary>
    UntouchedChanged,

    /// <summary>From outside: what survived cannot stand in any order that the clients would believe.</summary>
    OrderBroken,

    /// <summary>The contract is kept, but not what the loss model, the claim or the seed says on top of it.</summary>
    DemandUnmet,
}
