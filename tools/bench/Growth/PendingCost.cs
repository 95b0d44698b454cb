using System.Globalization;
using BlockEmu.Bench.Micro;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;

namespace BlockEmu.Bench.Growth;

/// <summary>What so many pending writes cost, each. A process of its own measures one, so that memory is its own too.</summary>
/// <param name="WriteNanoseconds">A write into the cache; processor time, as all of these.</param>
/// <param name="FlushNanoseconds">Of a flush.</param>
/// <param name="CutNanoseconds">Of a cut that keeps about half.</param>
/// <param name="RecutNanoseconds">Of another judgement of that cut.</param>
/// <param name="RssEachByte">Resident memory for each byte cached, above that of the process before.</param>
internal sealed record PendingCost(
    double WriteNanoseconds, double FlushNanoseconds, double CutNanoseconds, double RecutNanoseconds, double RssEachByte)
{
    private const int Figures = 5;

    public static PendingCost Measure(int count, int lengthBytes)
    {
        byte[] payload = new byte[lengthBytes];
        payload.AsSpan().Fill(1);
        Warm(payload);
        long cachedBytes = (long)count * lengthBytes;
        long rssBefore = ProcessMemory.ReadRssBytes(Environment.ProcessId);
        using Disk disk = Open(cachedBytes);
        double write = Time(count, () => Write(disk, count, payload));
        double rss = (ProcessMemory.ReadRssBytes(Environment.ProcessId) - rssBefore) / (double)cachedBytes;
        double flush = Time(count, () => BenchDisk.Demand(disk.Flush(disk.PowerEpoch)));
        payload.AsSpan().Fill(2);
        Write(disk, count, payload);
        double cut = Time(count, () => disk.Cut(seed: 1));
        double recut = Time(count, () => disk.Recut(seed: 2));
        return new PendingCost(write, flush, cut, recut, rss);
    }

    public static PendingCost Parse(string text)
    {
        double[] figures = [.. text.Split(' ').Select(static f => double.Parse(f, CultureInfo.InvariantCulture))];
        return figures.Length == Figures
            ? new PendingCost(figures[0], figures[1], figures[2], figures[3], figures[4])
            : throw new InvalidDataException($"'{text}' is no row");
    }

    public string ToText() => string.Create(
        CultureInfo.InvariantCulture,
        $"{WriteNanoseconds:R} {FlushNanoseconds:R} {CutNanoseconds:R} {RecutNanoseconds:R} {RssEachByte:R}");

    private static Disk Open(long cachedBytes) => new(new DiskOptions
    {
        Name = "growth",
        SizeBytes = Math.Max(1 << 20, cachedBytes * 2 / 4096 * 4096),
        CacheBytes = Math.Max(64 << 20, cachedBytes * 2),
    });

    /// <summary>Dense, and scattered in time: every block of the range once.</summary>
    private static void Write(Disk disk, int count, byte[] payload)
    {
        long blocks = (long)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count);
        for (long n = 0; n < blocks; n++)
        {
            long block = BenchDisk.Scatter(n, blocks);
            if (block < count)
            {
                BenchDisk.Demand(disk.Write(disk.PowerEpoch, block * payload.Length, payload, fua: false));
            }
        }
    }

    /// <summary>So that the compiler's work is not measured.</summary>
    private static void Warm(byte[] payload)
    {
        const int Rounds = 30;
        const int Count = 2_000;
        for (int i = 0; i < Rounds; i++)
        {
            using Disk disk = Open((long)Count * payload.Length);
            Write(disk, Count, payload);
            BenchDisk.Demand(disk.Flush(disk.PowerEpoch));
            Write(disk, Count, payload);
            disk.Cut(seed: 1);
            disk.Recut(seed: 2);
        }
    }

    /// <summary>Processor time, which a machine that does other things too moves less than the clock's.</summary>
    private static double Time(int count, Action action)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        action();
        return (Environment.CpuUsage.TotalTime - before).TotalNanoseconds / count;
    }
}
