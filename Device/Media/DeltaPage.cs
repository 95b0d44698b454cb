using BlockEmu.Device.Atoms;

namespace BlockEmu.Device.Media;

/// <summary>What a delta does to the blocks of one page; the others stay, or are zero when a zero range covers the page.</summary>
internal struct DeltaPage
{
    /// <summary>Where the page's first byte is, or would be: only the blocks of <see cref="DataMask"/> are there.</summary>
    public nint Data;

    /// <summary>Whether <see cref="Data"/> is a page of the delta's own; else it is the cache's.</summary>
    public bool IsOwn;

    /// <summary>How far the farthest-reaching atom on it may reach.</summary>
    public AtomReach Reach;

    public byte DataMask;
    public byte ZeroMask;

    /// <summary>Whether a killed process could leave an atom on it torn.</summary>
    public readonly bool MayTear => Reach switch
    {
        AtomReach.Block => false,
        AtomReach.Page => !(ZeroMask == 0 && IsOneRun(DataMask)) && !(DataMask == 0 && IsOneRun(ZeroMask)),
        _ => true,
    };

    private static bool IsOneRun(int mask) => (mask & (mask + (mask & -mask))) == 0;
}
