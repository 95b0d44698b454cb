namespace BlockEmu.Cli.Probe;

/// <summary>Steele, Lea and Flood's SplitMix64: the probe's own, so that a seed repeats its choices.</summary>
internal sealed class Chance(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to <paramref name="bound"/> - 1; the tiny bias of a remainder is no matter here.</summary>
    public long Below(long bound) => (long)(Next() % (ulong)bound);
}
