namespace BlockEmu.Device.Cache;

/// <summary>64 neighbouring pages.</summary>
internal unsafe struct PageLeaf
{
    public PageEntry* Entries;

    /// <summary>Pages with pending versions.</summary>
    public ulong Pending;

    /// <summary>Pages with bytes on a platter in memory.</summary>
    public ulong Platter;
}
