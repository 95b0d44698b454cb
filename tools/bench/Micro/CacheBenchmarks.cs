using BenchmarkDotNet.Attributes;
using BlockEmu.Device;
using BlockEmu.Device.Transfers;

namespace BlockEmu.Bench.Micro;

/// <summary>Writes into the cache, which is full and destages, and reads of what lies in it and behind it.</summary>
public class CacheBenchmarks
{
    private const int Window = 1 << 16;

    private byte[] _buffer = [];
    private Disk _disk = null!;
    private WriteStock _stock = null!;
    private ReadView _view = null!;
    private long _next;

    [Params(512, 4096, 1 << 20)]
    public int LengthBytes { get; set; }

    [GlobalSetup]
    public void Open()
    {
        _disk = BenchDisk.Create();
        _stock = _disk.OpenStock();
        _view = new ReadView();
        _buffer = new byte[LengthBytes];
        _buffer.AsSpan().Fill(1);
        for (int i = 0; i < Blocks; i++)
        {
            Write();
        }
    }

    [GlobalCleanup]
    public void Close()
    {
        _stock.Dispose();
        _disk.Dispose();
    }

    [Benchmark]
    public DiskStatus Write() => _disk.Write(_disk.PowerEpoch, NextOffset(), _buffer, fua: false);

    [Benchmark]
    public DiskStatus WriteThrough() => _disk.Write(_disk.PowerEpoch, NextOffset(), _buffer, fua: true);

    /// <summary>As a large payload comes: received into the cache's own pages. (Nothing is received here: the cost without it.)</summary>
    [Benchmark]
    public DiskStatus WriteFromStock()
    {
        long offset = NextOffset();
        return _stock.TryExtend(_disk.PowerEpoch, WriteStock.CountPages(offset, LengthBytes))
            ? _disk.Write(_disk.PowerEpoch, offset, LengthBytes, _stock, fua: false)
            : DiskStatus.PowerLost;
    }

    [Benchmark]
    public DiskStatus Read() => _disk.Read(_disk.PowerEpoch, NextOffset(), _buffer.AsSpan());

    /// <summary>As a large read goes: sent from where it lies.</summary>
    [Benchmark]
    public DiskStatus ReadInPlace()
    {
        DiskStatus status = _disk.Read(_disk.PowerEpoch, NextOffset(), LengthBytes, _view);
        _view.Release();
        return status;
    }

    /// <summary>At most 512 MiB of them.</summary>
    private long Blocks => Math.Min(Window, (512L << 20) / LengthBytes);

    private long NextOffset() => BenchDisk.Scatter(_next++, Blocks) * LengthBytes;
}
