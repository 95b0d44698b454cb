namespace BlockEmu.Device.Atoms;

/// <summary>Some equally long atoms, one after another.</summary>
/// <param name="OffsetBytes">Where the first begins.</param>
/// <param name="AtomBytes">The length of each.</param>
/// <param name="Count">How many; 0 = no run.</param>
public readonly record struct AtomRun(long OffsetBytes, long AtomBytes, long Count)
{
    /// <summary>The first byte after the run.</summary>
    public long EndBytes => OffsetBytes + (AtomBytes * Count);
}
