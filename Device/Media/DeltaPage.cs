namespace BlockEmu.Device.Media;

/// <summary>What a delta does to the blocks of one page; the others stay, or are zero when a zero range covers the page.</summary>
internal struct DeltaPage
{
    /// <summary>Where the page's first byte is, or would be: only the blocks of <see cref="DataMask"/> are there.</summary>
    public nint Data;

    /// <summary>Whether <see cref="Data"/> is a page of the delta's own; else it is the cache's.</summary>
    public bool IsOwn;

    public byte DataMask;
    public byte ZeroMask;
}
