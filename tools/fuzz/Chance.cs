using BlockEmu.Device.Randomness;

namespace BlockEmu.Fuzz;

/// <summary>One stream of draws: everything a case does comes from its seed.</summary>
public sealed class Chance(ulong seed)
{
    private SplitMix64 _draws = new(seed);

    /// <summary>The stream of a run's case: the same whatever other cases did.</summary>
    public static Chance Of(ulong runSeed, ulong caseNumber) => new(SplitMix64.Hash(runSeed, caseNumber));

    public ulong Next() => _draws.Next();

    /// <summary>0 to <paramref name="bound"/> - 1.</summary>
    public int Below(int bound) => (int)_draws.NextBelow((ulong)bound);

    public bool OneIn(int odds) => Below(odds) == 0;

    public T Pick<T>(ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    /// <summary>A number whose size is as likely small as large: 0 to 2^64 - 1.</summary>
    public ulong AnySize() => Next() >> Below(64);

    public byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)Next();
        }

        return bytes;
    }
}
