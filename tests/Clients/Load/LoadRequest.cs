namespace BlockEmu.Clients.Tests.Load;

/// <summary>A request that was sent and not answered yet.</summary>
internal readonly record struct LoadRequest
{
    /// <summary>The client's name for it.</summary>
    public ulong Cookie { get; init; }

    /// <summary>Its number in the clients' log; 0 = a read.</summary>
    public int Operation { get; init; }

    /// <summary>Whether its data is to be compared.</summary>
    public bool IsRead { get; init; }

    /// <summary>The first owned block.</summary>
    public int First { get; init; }

    /// <summary>Owned blocks; 0 in the shared range.</summary>
    public int Count { get; init; }

    /// <summary>Whether its success makes it safe.</summary>
    public bool IsFua { get; init; }

    /// <summary>Whether it was sent after a cut had answered: then it must not succeed.</summary>
    public bool IsAfterCut { get; init; }

    /// <summary>A flush: what it covers.</summary>
    public int[]? CoveredByFlush { get; init; }
}
