using BenchmarkDotNet.Attributes;
using BlockEmu.Device;

namespace BlockEmu.Bench.Micro;

/// <summary>A flush costs what is pending.</summary>
public class FlushBenchmarks
{
    private readonly byte[] _payload = new byte[4096];
    private Disk _disk = null!;

    [Params(1, 1_000, 100_000)]
    public int Pending { get; set; }

    [GlobalSetup]
    public void Open() => _disk = BenchDisk.Create(cacheBytes: 1L << 30);

    [GlobalCleanup]
    public void Close() => _disk.Dispose();

    [IterationSetup]
    public void Write() => BenchDisk.WritePending(_disk, Pending, _payload);

    [Benchmark]
    public void Flush() => BenchDisk.Demand(_disk.Flush(_disk.PowerEpoch));
}
