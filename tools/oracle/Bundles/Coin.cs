namespace BlockEmu.Oracle.Bundles;

/// <summary>The coins of docs/bundle-format.md, section 4.</summary>
public static class Coin
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>SplitMix64's finaliser.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Hash(seed, a).</summary>
    public static ulong Hash(ulong seed, ulong a) => Mix(Mix(seed + Golden) ^ (a + Golden));

    /// <summary>Whether atom <paramref name="atom"/> of step <paramref name="sequence"/> survives with a probability.</summary>
    public static bool Toss(ulong seed, long sequence, long atom, double probability) =>
        (Hash(Hash(seed, (ulong)sequence), (ulong)atom) >> 11) * (1.0 / (1UL << 53)) < probability;

    /// <summary>A word scaled to a number from 0 up to but without <paramref name="count"/>, at least 1.</summary>
    public static long Pick(ulong word, long count) => (long)(((UInt128)word * (ulong)count) >> 64);
}
