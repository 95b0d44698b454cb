namespace BlockEmu.Device.Cache;

/// <summary>What is known of one page, in one place: a request touches it once.</summary>
internal struct PageEntry
{
    /// <summary>The bytes of a platter in memory; 0 = zeroes, or the platter is elsewhere.</summary>
    public nint Platter;

    /// <summary>The newest pending version; 0 = none.</summary>
    public int Head;

    /// <summary>Which node is the newest of each block (see <see cref="MixedPages"/>); 0 = the head, which covers all of them.</summary>
    public int Mixed;
}
