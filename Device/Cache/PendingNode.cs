namespace BlockEmu.Device.Cache;

/// <summary>What one pending command wrote into one page: a version of some of its blocks.</summary>
/// <remarks>Nodes of a page form a chain, newest first; nodes of a command a list, ascending. 0 = no node.</remarks>
internal struct PendingNode
{
    /// <summary>The page.</summary>
    public long Page;

    /// <summary>The bytes of blocks FirstBlock..FirstBlock+BlockCount-1; 0 = zeroes, or let go because nothing is live.</summary>
    public nint Data;

    public PendingCommand Owner;

    public int Older;
    public int Newer;
    public int NextInCommand;

    public byte FirstBlock;
    public byte BlockCount;

    /// <summary>The blocks not superseded by a newer persistent version.</summary>
    public byte Live;
}
