using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;
using BlockEmu.Device.Power;
using BlockEmu.Server.Admin.Bundles;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Hosting;

/// <summary>The power switch of one served disk: makes the moves one after another, and keeps what the disk itself,
/// which has no clock and no clients, does not know about them.</summary>
/// <param name="served">The disk.</param>
/// <param name="time">Stamps reports.</param>
/// <param name="silence">Called once the disk is off: from its return on, no reply of an earlier command leaves.</param>
/// <param name="logger">Hears of media that fail.</param>
[SuppressMessage("Usage", "CA2213", Justification = "No wait handle is ever asked of them, and a late move may still wait on them")]
public sealed class DiskControl(ServedDisk served, TimeProvider time, Action<ServedDisk> silence, ILogger logger) : IDisposable
{
    // Serialises moves, so that what clients see while off and the move it belongs to change together. Held across
    // the device's I/O; nothing on a client's path takes it. Never disposed of: whoever waits for it would wait for ever.
    private readonly SemaphoreSlim _moves = new(1, 1);
    private readonly CancellationTokenSource _removed = new();
    private readonly ConcurrentDictionary<int, DateTimeOffset> _reportTimes = new();
    private readonly ConcurrentQueue<DiskMark> _marks = new();
    private readonly DestageWorker _destaging = new(served, time);
    private int _latestReport;
    private bool _isRetired; // under _moves

    public ServedDisk Served { get; } = served;

    public Disk Disk => Served.Disk;

    /// <summary>The clock of its reports.</summary>
    public TimeProvider Time { get; } = time;

    /// <summary>What its owner should know of it and this host; null = nothing.</summary>
    public string? Warning { get; init; }

    /// <summary>What clients see while the disk is off unless the move says otherwise.</summary>
    public OffBehaviour DefaultOffBehaviour { get; private set; }

    public PowerTally Tally { get; } = new();

    public BundleKeeper Bundles { get; } = new(served.Disk);

    /// <summary>Cuts the power. <paramref name="clients"/> null = <see cref="DefaultOffBehaviour"/>.</summary>
    public Task<CutReport> CutAsync(ulong? seed, LossModel? loss, OffBehaviour? clients) => MoveAsync(() =>
    {
        LossModelKind asked = (loss ?? Disk.Options.Loss).Kind;
        return Judge(() => GoOff(clients, () => Disk.Cut(seed, loss)), () => Tally.CountCut(asked));
    });

    /// <summary>Judges the same cut again.</summary>
    public Task<CutReport> RecutAsync(ulong? seed, LossModel? loss) => MoveAsync(() =>
    {
        CutReport report = Judge(() => Disk.Recut(seed, loss), happened: null);
        if (report.IsRecut)
        {
            Tally.CountRecut();
        }

        return report;
    });

    /// <summary>Flush, then off. The disk stays on unless the answer is <see cref="DiskStatus.Ok"/>.</summary>
    public Task<DiskStatus> ShutdownAsync(OffBehaviour? clients) => MoveAsync(() => GoOff(clients, Disk.Shutdown));

    /// <summary>Flush, then off for good: every move that waits, and every later one, ends with
    /// <see cref="ObjectDisposedException"/>. Nothing has changed unless the answer is <see cref="DiskStatus.Ok"/>.</summary>
    /// <param name="acceptLoss">Whether a disk that has failed goes as well: what it had cached is lost.</param>
    public async Task<DiskStatus> RetireAsync(bool acceptLoss)
    {
        DiskStatus status = await MoveAsync(() =>
        {
            PowerState state = Disk.PowerState;
            DiskStatus flushed = state == PowerState.Off || (state == PowerState.Failed && acceptLoss)
                ? DiskStatus.Ok
                : GoOff(OffBehaviour.Reset, Disk.Shutdown);
            _isRetired = flushed == DiskStatus.Ok;
            return flushed;
        });
        if (status == DiskStatus.Ok)
        {
            // Those that wait are many, perhaps: not while it is this one's turn.
            await _removed.CancelAsync();
        }

        return status;
    }

    private ObjectDisposedException RemovedFault => new(Served.Disk.Name, $"disk {Served.Disk.Name} was removed meanwhile");

    /// <summary>Returns the power. The newest bundle is kept aside first: failures are noticed after the power is back.</summary>
    /// <param name="acceptLoss">Even when the cut could not be judged: all that was pending is lost.</param>
    public Task PowerOnAsync(bool acceptLoss = false) => MoveAsync(() =>
    {
        if (Disk.PowerState == PowerState.Off)
        {
            Bundles.KeepForPowerOn();
        }

        bool hadFailed = Disk.PowerState == PowerState.Failed;
        long pending = Disk.GetStatistics().PendingCommands;
        RedoFinding before = Disk.Found;
        Disk.PowerOn(acceptLoss);
        if (Disk.Found != before)
        {
            HostLog.RedoFound(logger, Disk.Name, Disk.Found);
        }

        if (hadFailed)
        {
            DiskLog.BackFromFailure(logger, Disk.Name, pending);
        }

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
    public PlatterVersion PlatterVersion => new(Disk.PowerEpoch, Volatile.Read(ref _latestReport), Uploads.Steps);

    /// <summary>Platters that are put onto it.</summary>
    public PlatterUploads Uploads { get; } = new();

    /// <summary>Runs something that the disk's power must hold still for, or that moves it. Throws
    /// <see cref="ObjectDisposedException"/> once the disk is out of service, at once for all that wait.</summary>
    public async Task<T> MoveAsync<T>(Func<T> move)
    {
        await TakeTurnAsync();
        try
        {
            return await Task.Run(move);
        }
        finally
        {
            _moves.Release();
        }
    }

    /// <summary>Waits for something else than a turn: a clock, an HTTP client. Throws <see cref="ObjectDisposedException"/> as soon
    /// as the disk is out of service.</summary>
    public async Task WaitAsync(Func<CancellationToken, Task> wait, CancellationToken ended)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(ended, _removed.Token);
        try
        {
            await wait(either.Token);
        }
        catch (OperationCanceledException) when (_removed.IsCancellationRequested)
        {
            throw RemovedFault;
        }
    }

    private async Task TakeTurnAsync()
    {
        try
        {
            await _moves.WaitAsync(_removed.Token);
        }
        catch (OperationCanceledException)
        {
            throw RemovedFault;
        }

        if (_isRetired)
        {
            _moves.Release();
            throw RemovedFault;
        }
    }

    private T GoOff<T>(OffBehaviour? clients, Func<T> move)
    {
        OffBehaviour before = Served.OffBehaviour;
        bool wasOn = HasPower;
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
            if (HasPower)
            {
                Served.OffBehaviour = before;
            }
            else if (wasOn)
            {
                silence(Served);
            }
        }
    }

    private bool HasPower => Disk.PowerState is PowerState.On or PowerState.Failed;

    /// <summary>A judgement: a cut has happened even when it can't be made.</summary>
    private CutReport Judge(Func<CutReport> judge, Action? happened)
    {
        try
        {
            CutReport report = judge();
            happened?.Invoke();
            Stamp(report);
            if (!report.IsRecut)
            {
                Tally.CountOutcome(report);
            }

            return report;
        }
        catch (CutNotJudgedException e)
        {
            happened?.Invoke();
            Tally.CountNotJudged();
            DiskLog.CutNotJudged(logger, Disk.Name, e.Message);
            throw;
        }
    }

    private void Stamp(CutReport report)
    {
        Volatile.Write(ref _latestReport, report.Number);
        _reportTimes[report.Number] = Time.GetUtcNow();
        _reportTimes.TryRemove(report.Number - Disk.MaxReports, out _);
    }

    public void Dispose()
    {
        _removed.Cancel();
        _destaging.Dispose();
        Bundles.Dispose();
    }
}
