namespace BlockEmu.Device.Randomness;

/// <summary>Steele, Lea and Flood's SplitMix64: 64 bits of state, the published constants and test vectors.</summary>
public struct SplitMix64(ulong seed)
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        _state += Gamma;
        return Mix(_state);
    }

    /// <summary>A number below <paramref name="bound"/> (at least 1), without modulo bias beyond 2^-64.</summary>
    public ulong NextBelow(ulong bound) => Below(Next(), bound);

    /// <summary>True with the given probability (0 to 1), in steps of 2^-53.</summary>
    public bool NextCoin(double probability) => ToUnit(Next()) < probability;

    /// <summary>The finaliser alone: a bijection on 64 bits.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }

    /// <summary>hash(seed, a): SEMANTICS' way to name one coin among many. Each word goes through the finaliser.</summary>
    public static ulong Hash(ulong seed, ulong a) => Mix(Mix(seed + Gamma) ^ (a + Gamma));

    /// <summary>hash(seed, a, b).</summary>
    public static ulong Hash(ulong seed, ulong a, ulong b) => Hash(Hash(seed, a), b);

    /// <summary>A word made a number below <paramref name="bound"/> (at least 1).</summary>
    public static ulong Below(ulong word, ulong bound) => (ulong)(((UInt128)word * bound) >> 64);

    /// <summary>The top 53 bits as a number in [0, 1).</summary>
    public static double ToUnit(ulong bits) => (bits >> 11) * (1.0 / (1UL << 53));
}
