using System.Numerics;

namespace BlockEmu.Cli.Load;

/// <summary>Counts times in fixed buckets, 64 for each power of two, so that a quantile is right within 0.8 % and counting
/// allocates nothing.</summary>
internal sealed class LatencyHistogram
{
    private const int SubBucketBits = 6;
    private const int SubBuckets = 1 << SubBucketBits;

    /// <summary>Up to 2^47 ns, a day and a half; longer counts as that.</summary>
    private const int Buckets = 42 * SubBuckets;

    private readonly long[] _counts = new long[Buckets];

    public long Count { get; private set; }

    /// <summary>Exact.</summary>
    public long MaxNanoseconds { get; private set; }

    public void Add(long nanoseconds)
    {
        nanoseconds = Math.Max(0, nanoseconds);
        Count++;
        MaxNanoseconds = Math.Max(MaxNanoseconds, nanoseconds);
        _counts[IndexOf(nanoseconds)]++;
    }

    public void Add(LatencyHistogram other)
    {
        for (int i = 0; i < Buckets; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        MaxNanoseconds = Math.Max(MaxNanoseconds, other.MaxNanoseconds);
    }

    public void Clear()
    {
        Array.Clear(_counts);
        Count = 0;
        MaxNanoseconds = 0;
    }

    /// <summary>The middle of the bucket below which that share lies; 0 when nothing was counted.</summary>
    public double QuantileNanoseconds(double share)
    {
        long wanted = Math.Min((long)(share * Count), Count - 1);
        long seen = 0;
        for (int i = 0; i < Buckets; i++)
        {
            seen += _counts[i];
            if (seen > wanted && Count > 0)
            {
                return Math.Min(MiddleOf(i), MaxNanoseconds);
            }
        }

        return 0;
    }

    private static int IndexOf(long value)
    {
        if (value < SubBuckets)
        {
            return (int)value;
        }

        int shift = BitOperations.Log2((ulong)value) - SubBucketBits;
        return Math.Min(((shift + 1) * SubBuckets) + ((int)(value >> shift) & (SubBuckets - 1)), Buckets - 1);
    }

    private static double MiddleOf(int index)
    {
        if (index < SubBuckets)
        {
            return index;
        }

        int shift = (index / SubBuckets) - 1;
        return ((long)(SubBuckets + (index % SubBuckets)) << shift) + ((1L << shift) / 2.0);
    }
}
