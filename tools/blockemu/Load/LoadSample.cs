using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Load;

/// <summary>What one measurement of one target showed.</summary>
internal sealed record LoadSample
{
    public required double Iops { get; init; }

    /// <summary>Million bytes each second.</summary>
    public required double MegabytesPerSecond { get; init; }

    public required double P50Microseconds { get; init; }

    public required double P99Microseconds { get; init; }

    public required double P999Microseconds { get; init; }

    public required double MaxMicroseconds { get; init; }

    /// <summary>0 when the case has no flushes.</summary>
    public required double FlushP50Microseconds { get; init; }

    public required long Operations { get; init; }

    public required long Flushes { get; init; }

    public required long Errors { get; init; }

    public required NbdError FirstError { get; init; }

    /// <summary>Processor time of the generator in all, in cores.</summary>
    public required double ClientCores { get; init; }

    /// <summary>The busiest of its threads: 1 = a whole core.</summary>
    public required double BusiestThread { get; init; }

    public static LoadSample From(IReadOnlyCollection<LoadConnection> connections)
    {
        const double NanosecondsEachMicrosecond = 1000;
        LoadCounts all = new();
        double iops = 0, bytes = 0, cores = 0, busiest = 0;
        foreach (LoadConnection connection in connections)
        {
            double seconds = connection.Elapsed.TotalSeconds;
            LoadCounts counts = connection.Counts;
            all.Add(counts);
            iops += (counts.Reads + counts.Writes) / seconds;
            bytes += counts.Bytes / seconds;
            cores += connection.Cpu.TotalSeconds / seconds;
            busiest = Math.Max(busiest, connection.Cpu.TotalSeconds / seconds);
        }

        return new LoadSample
        {
            Iops = iops,
            MegabytesPerSecond = bytes / 1e6,
            P50Microseconds = all.Latency.QuantileNanoseconds(0.5) / NanosecondsEachMicrosecond,
            P99Microseconds = all.Latency.QuantileNanoseconds(0.99) / NanosecondsEachMicrosecond,
            P999Microseconds = all.Latency.QuantileNanoseconds(0.999) / NanosecondsEachMicrosecond,
            MaxMicroseconds = all.Latency.MaxNanoseconds / NanosecondsEachMicrosecond,
            FlushP50Microseconds = all.FlushLatency.QuantileNanoseconds(0.5) / NanosecondsEachMicrosecond,
            Operations = all.Reads + all.Writes,
            Flushes = all.FlushLatency.Count,
            Errors = all.Errors,
            FirstError = all.FirstError,
            ClientCores = cores,
            BusiestThread = busiest,
        };
    }
}
