using BenchmarkDotNet.Attributes;
using BlockEmu.Device;
using BlockEmu.Device.Power;

namespace BlockEmu.Bench.Micro;

/// <summary>A cut, and each recut of it, costs what is pending.</summary>
public class CutBenchmarks
{
    private readonly byte[] _payload = new byte[4096];
    private Disk _disk = null!;
    private ulong _seed;

    [Params(1, 1_000, 100_000)]
    public int Pending { get; set; }

    [GlobalSetup]
    public void Open() => _disk = BenchDisk.Create(cacheBytes: 1L << 30);

    [GlobalCleanup]
    public void Close() => _disk.Dispose();

    [IterationSetup(Target = nameof(Cut))]
    public void Write()
    {
        if (_disk.PowerState == PowerState.Off)
        {
            _disk.PowerOn();
        }

        BenchDisk.WritePending(_disk, Pending, _payload);
    }

    [IterationSetup(Target = nameof(Recut))]
    public void WriteAndCut()
    {
        Write();
        _disk.Cut();
    }

    [Benchmark]
    public CutReport Cut() => _disk.Cut();

    [Benchmark]
    public CutReport Recut() => _disk.Recut(++_seed);
}
