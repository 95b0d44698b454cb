using BlockEmu.Device;
using BlockEmu.Device.Geometry;

namespace BlockEmu.Bench.Micro;

/// <summary>Disks to measure, and where their writes go.</summary>
internal static class BenchDisk
{
    public const long SizeBytes = 4L << 30;

    /// <summary>Odd, so that a power of two of blocks is walked through without coming back too soon.</summary>
    private const ulong Stride = 0x9E3779B1;

    public static Disk Create(long cacheBytes = 64 << 20) =>
        new(new DiskOptions { Name = "bench", SizeBytes = SizeBytes, CacheBytes = cacheBytes, Seed = 1 });

    /// <summary>The place of the n-th request among <paramref name="blocks"/> (a power of two): each once, scattered.</summary>
    public static long Scatter(long n, long blocks) => (long)(((ulong)n * Stride) & ((ulong)blocks - 1));

    /// <summary>Writes that stay pending: none covers another.</summary>
    public static void WritePending(Disk disk, int count, byte[] payload)
    {
        long blocks = SizeBytes / payload.Length;
        for (int i = 0; i < count; i++)
        {
            Demand(disk.Write(disk.PowerEpoch, Scatter(i, blocks) * payload.Length, payload, fua: false));
        }
    }

    public static void Demand(DiskStatus status)
    {
        if (status != DiskStatus.Ok)
        {
            throw new InvalidOperationException($"the disk says {status}");
        }
    }
}
