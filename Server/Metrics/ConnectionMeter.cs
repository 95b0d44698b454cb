namespace BlockEmu.Server.Metrics;

/// <summary>The counters of one connection: plain fields with one writer, read without a lock by the exposition
/// (64-bit reads are whole; a scrape may be one request old).</summary>
public sealed class ConnectionMeter(string frontEnd)
{
    public const int OperationCount = 11;

    /// <summary>Upper bounds of the duration buckets, microseconds; one more bucket is +Inf.</summary>
    public static ReadOnlySpan<int> BucketBoundsMicroseconds =>
        [5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 200_000, 1_000_000, 5_000_000];

    public const int BucketCount = 16;

    internal readonly long[] Succeeded = new long[OperationCount];
    internal readonly long[] Failed = new long[OperationCount];
    internal readonly long[] Bytes = new long[OperationCount];
    internal readonly long[] Fua = new long[OperationCount];
    internal readonly long[] DurationTicks = new long[OperationCount];
    internal readonly long[] Buckets = new long[OperationCount * BucketCount];
    internal int InFlight;

    /// <summary>The label <c>front_end</c>: <c>nbd</c> or <c>nvme</c>.</summary>
    public string FrontEnd { get; } = frontEnd;

    /// <summary>Whose it is; null of sums.</summary>
    public ConnectionOrigin? Origin { get; init; }

    /// <summary>Counts one finished request. Durations are <see cref="System.Diagnostics.Stopwatch"/> ticks.</summary>
    public void Record(DiskOperation operation, bool succeeded, bool fua, long bytes, long durationTicks) =>
        Record(operation, succeeded, fua, bytes, durationTicks, FindBucket(durationTicks));

    /// <summary>As above, for one of several of the same duration: <paramref name="bucket"/> is <see cref="FindBucket"/> of it.</summary>
    internal void Record(DiskOperation operation, bool succeeded, bool fua, long bytes, long durationTicks, int bucket)
    {
        int op = (int)operation;
        if (succeeded)
        {
            Succeeded[op]++;
            Bytes[op] += bytes;
        }
        else
        {
            Failed[op]++;
        }

        if (fua)
        {
            Fua[op]++;
        }

        DurationTicks[op] += durationTicks;
        Buckets[(op * BucketCount) + bucket]++;
    }

    /// <summary>The bucket of a duration, which is in <see cref="System.Diagnostics.Stopwatch"/> ticks.</summary>
    internal static int FindBucket(long durationTicks)
    {
        long microseconds = durationTicks * 1_000_000 / System.Diagnostics.Stopwatch.Frequency;
        ReadOnlySpan<int> bounds = BucketBoundsMicroseconds;
        int bucket = 0;
        while (bucket < bounds.Length && microseconds > bounds[bucket])
        {
            bucket++;
        }

        return bucket;
    }

    /// <summary>Requests that have arrived: answered, or not yet.</summary>
    internal long CountRequests() => Succeeded.Sum() + Failed.Sum() + InFlight;

    internal void AddTo(ConnectionMeter total)
    {
        for (int i = 0; i < OperationCount; i++)
        {
            total.Succeeded[i] += Succeeded[i];
            total.Failed[i] += Failed[i];
            total.Bytes[i] += Bytes[i];
            total.Fua[i] += Fua[i];
            total.DurationTicks[i] += DurationTicks[i];
        }

        for (int i = 0; i < Buckets.Length; i++)
        {
            total.Buckets[i] += Buckets[i];
        }

        total.InFlight += InFlight;
    }
}
