using System.Diagnostics;

namespace BlockEmu.Server.Metrics;

/// <summary>Writes the request durations from the connections' bucket arrays; a <c>Histogram</c> would record each request.</summary>
internal static class DurationExposition
{
    public const string Name = "blockemu_request_duration_seconds";

    public static void Write(ExpositionText text, IEnumerable<Hosting.ServedDisk> disks)
    {
        text.Family(Name, "histogram", "From a request's arrival to its reply, by operation.");
        foreach (Hosting.ServedDisk disk in disks)
        {
            foreach (ConnectionMeter meter in disk.Meter.Read())
            {
                for (int op = 0; op < ConnectionMeter.OperationCount; op++)
                {
                    Write(text, disk.Disk.Name, meter, op);
                }
            }
        }
    }

    private static void Write(ExpositionText text, string disk, ConnectionMeter meter, int op)
    {
        KeyValuePair<string, string>[] labels =
        [
            new("disk", disk),
            new("front_end", meter.FrontEnd),
            new("op", BlockEmuMetrics.NameOf((DiskOperation)op)),
        ];
        ReadOnlySpan<int> bounds = ConnectionMeter.BucketBoundsMicroseconds;
        long sum = 0;
        for (int bucket = 0; bucket < ConnectionMeter.BucketCount; bucket++)
        {
            sum += meter.Buckets[(op * ConnectionMeter.BucketCount) + bucket];
            double bound = bucket < bounds.Length ? bounds[bucket] / 1e6 : double.PositiveInfinity;
            text.Sample($"{Name}_bucket", [.. labels, new("le", ExpositionText.Format(bound))], sum);
        }

        text.Sample($"{Name}_sum", labels, meter.DurationTicks[op] / (double)Stopwatch.Frequency);

        // The count is the last bucket, so that both agree although requests go on being counted.
        text.Sample($"{Name}_count", labels, sum);
    }
}
