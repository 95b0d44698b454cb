using System.Collections.Concurrent;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Server.Admin.Bundles;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Hosting;

/// <summary>The power switch of one served disk: makes the moves one after another, and keeps what the disk itself,
/// which has no clock and no clients, does not know about them.</summary>
/// <param name="served">The disk.</param>
/// <param name="time">Stamps reports.</param>
/// <param name="silence">Called once the disk is off: from its return on, no reply of an earlier command leaves.</param>
public sealed class DiskControl(ServedDisk served, TimeProvider time, Action<ServedDisk> silence) : IDisposable
{
    // Serialises moves, so that what clients see while off and the move it belongs to change together. Held across
    // the device's I/O; nothing on a client's path takes it.
    private readonly SemaphoreSlim _moves = new(1, 1);
    private readonly ConcurrentDictionary<int, DateTimeOffset> _reportTimes = new();
    private readonly ConcurrentQueue<DiskMark> _marks = new();
    private readonly DestageWorker _destaging = new(served, time);
    private int _latestReport;
    private long _uploads;
    private int _isUploading;
    private bool _isRetired; // under _moves

    public ServedDisk Served { get; } = served;

    public Disk Disk => Served.Disk;

    /// <summary>What its owner should know of it and this host; null = nothing.</summary>
    public string? Warning { get; init; }

    /// <summary>What clients see while the disk is off unless the move says otherwise.</summary>
    public OffBehaviour DefaultOffBehaviour { get; private set; }

    public PowerTally Tally { get; } = new();

    public BundleKeeper Bundles { get; } = new(served.Disk);

    /// <summary>Cuts the power. <paramref name="clients"/> null = <see cref="DefaultOffBehaviour"/>.</summary>
    public Task<CutReport> CutAsync(ulong? seed, LossModel? loss, OffBehaviour? clients) => MoveAsync(() =>
    {
        CutReport report = GoOff(clients, () => Disk.Cut(seed, loss));
        Stamp(report);
        Tally.Count(report);
        return report;
    });

    /// <summary>Judges the same cut again.</summary>
    public Task<CutReport> RecutAsync(ulong? seed, LossModel? loss) => MoveAsync(() =>
    {
        CutReport report = Disk.Recut(seed, loss);
        Stamp(report);
        Tally.CountRecut();
        return report;
    });

    /// <summary>Flush, then off. The disk stays on unless the answer is <see cref="DiskStatus.Ok"/>.</summary>
    public Task<DiskStatus> ShutdownAsync(OffBehaviour? clients) => MoveAsync(() => GoOff(clients, Disk.Shutdown));

    /// <summary>Flush, then off for good: nobody can switch it on again between this and its end. Nothing has changed unless the
    /// answer is <see cref="DiskStatus.Ok"/>.</summary>
    public Task<DiskStatus> RetireAsync() => MoveAsync(() =>
    {
        DiskStatus status = Disk.PowerState == PowerState.On ? GoOff(OffBehaviour.Reset, Disk.Shutdown) : DiskStatus.Ok;
        _isRetired = status == DiskStatus.Ok;
        return status;
    });

    /// <summary>Returns the power. The newest bundle is kept aside first: failures are noticed after the power is back.</summary>
    public Task PowerOnAsync() => MoveAsync(() =>
    {
        if (_isRetired)
        {
            throw new PowerMoveException($"disk {Disk.Name} is being removed", Disk.PowerState);
        }

        if (Disk.PowerState == PowerState.Off)
        {
            Bundles.KeepForPowerOn();
        }

        Disk.PowerOn();
        return true;
    });

    /// <summary>Changes the disk's options (<see cref="Device.Disk.Change"/>), and <see cref="DefaultOffBehaviour"/> if that is given, at
    /// once also for an outage that lasts; or, when <paramref name="change"/> throws, nothing.</summary>
    public Task ChangeAsync(Func<DiskOptions, DiskOptions> change, OffBehaviour? behaviour = null) => MoveAsync(() =>
    {
        DestagePolicy before = Disk.Options.Destage;
        Served.Change(change);
        if (Disk.Options.Destage != before)
        {
            BeginDestaging();
        }

        if (behaviour is { } chosen)
        {
            Served.OffBehaviour = DefaultOffBehaviour = chosen;
        }

        return true;
    });

    /// <summary>From now on the disk is destaged by the clock, where its policy says so.</summary>
    public void BeginDestaging() => _destaging.Follow(Disk.Options.Destage);

    /// <summary>When a report was made; null for one that was never seen here.</summary>
    public DateTimeOffset? TimeOf(CutReport report) =>
        _reportTimes.TryGetValue(report.Number, out DateTimeOffset at) ? at : null;

    /// <summary>The newest marks, oldest first.</summary>
    public IReadOnlyCollection<DiskMark> Marks => _marks;

    public DiskMark Mark(string text)
    {
        DiskMark mark = Disk.Mark(text);
        _marks.Enqueue(mark);
        while (_marks.Count > Disk.MaxMarks)
        {
            _marks.TryDequeue(out _);
        }

        return mark;
    }

    /// <summary>Equal as long as a download may go on.</summary>
    public PlatterVersion PlatterVersion => new(Disk.PowerEpoch, Volatile.Read(ref _latestReport), Interlocked.Read(ref _uploads));

    /// <summary>Whether the platter is neither the old nor the new one just now.</summary>
    public bool IsUploading => Volatile.Read(ref _isUploading) != 0;

    /// <summary>One upload at a time.</summary>
    public bool TryBeginUpload()
    {
        if (Interlocked.Exchange(ref _isUploading, 1) != 0)
        {
            return false;
        }

        Interlocked.Increment(ref _uploads);
        return true;
    }

    public void EndUpload()
    {
        Interlocked.Increment(ref _uploads);
        Volatile.Write(ref _isUploading, 0);
    }

    /// <summary>Runs something that the disk's power must hold still for, or that moves it.</summary>
    public async Task<T> MoveAsync<T>(Func<T> move)
    {
        await _moves.WaitAsync();
        try
        {
            return await Task.Run(move);
        }
        finally
        {
            _moves.Release();
        }
    }

    private T GoOff<T>(OffBehaviour? clients, Func<T> move)
    {
        OffBehaviour before = Served.OffBehaviour;
        bool wasOn = Disk.PowerState == PowerState.On;
        if (wasOn)
        {
            // Connections read it the moment they see the power gone: it must be there before.
            Served.OffBehaviour = clients ?? DefaultOffBehaviour;
        }

        try
        {
            return move();
        }
        finally
        {
            if (Disk.PowerState == PowerState.On)
            {
                Served.OffBehaviour = before;
            }
            else if (wasOn)
            {
                silence(Served);
            }
        }
    }

    private void Stamp(CutReport report)
    {
        Volatile.Write(ref _latestReport, report.Number);
        _reportTimes[report.Number] = time.GetUtcNow();
        _reportTimes.TryRemove(report.Number - Disk.MaxReports, out _);
    }

    public void Dispose()
    {
        _destaging.Dispose();
        Bundles.Dispose();
        _moves.Dispose();
    }
}
