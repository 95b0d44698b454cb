using System.Numerics;

namespace BlockEmu.Cli.Probe;

/// <summary>What became of writes of one size. Any number of threads may add.</summary>
internal sealed class TearTally(int writeBytes)
{
    private const int Levels = 64;
    private const int MinTries = 32;

    /// <summary>How long a slow server is waited for beyond its time, for so many tries.</summary>
    private static readonly TimeSpan s_extra = TimeSpan.FromSeconds(5);

    // Protects the counts.
    private readonly Lock _counting = new();
    private readonly long[] _triesAtLevel = new long[Levels];
    private readonly long[] _tornAtLevel = new long[Levels];

    public int WriteBytes { get; } = writeBytes;

    public long Tries => _triesAtLevel.Sum();

    public long Torn => _tornAtLevel.Sum();

    /// <summary>Whether a trial has had its time, and enough tries or patience.</summary>
    public bool IsOver(TimeSpan elapsed, TimeSpan duration) =>
        elapsed >= duration && (Tries >= MinTries || elapsed >= duration + s_extra);

    /// <summary>The first tear: the write, and where in the export its halves meet.</summary>
    public (long OffsetBytes, long AtBytes)? Example { get; private set; }

    /// <summary>Counts one observation; <paramref name="tornAtBytes"/> is where it was torn, if it was.</summary>
    public void Add(long offsetBytes, long? tornAtBytes)
    {
        int level = LevelOf(offsetBytes);
        lock (_counting)
        {
            _triesAtLevel[level]++;
            if (tornAtBytes is { } at)
            {
                _tornAtLevel[level]++;
                Example ??= (offsetBytes, at);
            }
        }
    }

    /// <summary>Observations of writes that cross no multiple of a power of two, and how many of them were torn.</summary>
    public (long Tries, long Torn) Inside(long boundaryBytes)
    {
        int levels = BitOperations.Log2((ulong)boundaryBytes);
        return (_triesAtLevel.Take(levels).Sum(), _tornAtLevel.Take(levels).Sum());
    }

    /// <summary>The exponent of the largest power of two of which the write crosses a multiple.</summary>
    private int LevelOf(long offsetBytes) => BitOperations.Log2((ulong)(offsetBytes ^ (offsetBytes + WriteBytes - 1)));
}
