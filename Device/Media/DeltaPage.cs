namespace BlockEmu.Device.Media;

/// <summary>What a delta does to the blocks of one page; the others stay, or are zero when a zero range covers the page.</summary>
internal struct DeltaPage
{
    /// <summary>A page of memory of the delta's own; 0 = none yet.</summary>
    public nint Data;
    public byte DataMask;
    public byte ZeroMask;
}
