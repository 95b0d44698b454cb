using System.Diagnostics.CodeAnalysis;
using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Device;

/// <summary>The power moves of one disk, one at a time.</summary>
[SuppressMessage("Usage", "CA2213", Justification = "No wait handle is ever asked of it, and a late move may still wait on it")]
internal sealed class DiskPower(DiskCore core, Destager destager, PowerGate powerGate) : IDisposable
{
    /// <summary>Drawn seeds fit a JSON number exactly.</summary>
    private const int DrawnSeedShift = 11;

    private readonly SemaphoreSlim _moves = new(1, 1);
    private readonly List<CutReport> _reports = []; // under the core's gate
    private readonly List<DiskMark> _marks = []; // under the core's gate
    private CutSession? _session;
    private bool _isDisposed; // under _moves
    private int _reportCount;
    private int _cutCount;

    public int Cuts => Volatile.Read(ref _cutCount);

    public IReadOnlyList<CutReport> Reports
    {
        get
        {
            lock (core.Gate)
            {
                return [.. _reports];
            }
        }
    }

    public CutReport Cut(ulong? seed, LossModel? loss) => Move(() =>
    {
        Stop("cut");
        destager.WaitUntilIdle(); // what is issued to the medium is awaited, and then counts as required
        lock (core.Gate)
        {
            core.State = PowerState.Off;
            _cutCount++;
            _session = new CutSession(core, _cutCount, [.. _marks]);
        }

        powerGate.Settle();
        return JudgeSession(_session, seed, loss, _cutCount);
    });

    public CutReport Recut(ulong? seed, LossModel? loss) => Move(() =>
    {
        CutSession session = RequireSession("recut");
        return JudgeSession(session, seed, loss, session.Report?.CutNumber ?? _cutCount);
    });

    public void PowerOn() => Move(() =>
    {
        if (core.State != PowerState.Off)
        {
            throw new PowerMoveException($"disk {core.Options.Name} is on already", core.State);
        }

        DropSession();
        lock (core.Gate)
        {
            _marks.Clear();
            core.BeginEpoch();
        }

        return true;
    });

    public DiskStatus Shutdown() => Move(() =>
    {
        Stop("shut down");
        DiskStatus status = FlushAll();
        lock (core.Gate)
        {
            core.State = status == DiskStatus.Ok ? PowerState.Off : PowerState.On;
            if (status == DiskStatus.Ok)
            {
                core.Cache.Clear();
            }
        }

        powerGate.Settle();
        return status;
    });

    public DiskMark Mark(string text)
    {
        if (text.Length is 0 or > Disk.MaxMarkChars)
        {
            throw new ArgumentException($"text: a mark has 1 to {Disk.MaxMarkChars} characters", nameof(text));
        }

        lock (core.Gate)
        {
            if (core.State != PowerState.On)
            {
                throw new PowerMoveException($"disk {core.Options.Name} is off: a mark belongs to a running event log", core.State);
            }

            DiskMark mark = new(core.Sequence, text);
            if (_marks.Count == Disk.MaxMarks)
            {
                _marks.RemoveAt(0);
            }

            _marks.Add(mark);
            core.Events?.OnMark(mark);
            return mark;
        }
    }

    public void ReadPlatter(Action<PlatterReader> use) => Move(() =>
    {
        RequireOff("its platter is only to be had while it is off");
        use(core.Medium.Read);
        return true;
    });

    public void WritePlatter(Action<PlatterWriter> use) => Move(() =>
    {
        RequireOff("its platter can only be replaced while it is off");
        if (core.Options.IsReadOnly)
        {
            throw new PowerMoveException($"disk {core.Options.Name} is read-only", core.State);
        }

        lock (core.Gate)
        {
            DropSession();
            core.Cache.Clear();
        }

        use(core.Medium.Write);
        core.Medium.Sync();
        return true;
    });

    public T WithEvidence<T>(Func<CutEvidence, T> use) => Move(() =>
    {
        CutSession session = RequireSession("show the evidence of a cut");
        return session.Report is null
            ? throw new PowerMoveException($"disk {core.Options.Name}: the cut could not be judged; a recut tries again", core.State)
            : use(session.Evidence());
    });

    /// <summary>Ends everything: waits for the move and the batch under way; commands find the power off, moves the disk gone.</summary>
    public void Dispose()
    {
        _moves.Wait();
        if (!_isDisposed)
        {
            _isDisposed = true;
            lock (core.Gate)
            {
                core.State = PowerState.Off;
            }

            powerGate.Settle();
            destager.WaitUntilIdle();
            DropSession();
        }

        _moves.Release();
    }

    private T Move<T>(Func<T> move)
    {
        _moves.Wait();
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return move();
        }
        finally
        {
            _moves.Release();
        }
    }

    private void Stop(string what)
    {
        lock (core.Gate)
        {
            if (core.State != PowerState.On)
            {
                throw new PowerMoveException($"disk {core.Options.Name} is off already: there is nothing to {what}", core.State);
            }

            core.State = PowerState.Stopping;
            powerGate.Unsettle();
        }
    }

    private DiskStatus FlushAll()
    {
        if (!core.Medium.IsImmediate)
        {
            return destager.Flush(epoch: null, coveredOrder: null) ?? DiskStatus.PowerLost;
        }

        lock (core.Gate)
        {
            while (core.Cache.Pending.Oldest is PendingCommand oldest)
            {
                core.Persist(oldest);
            }
        }

        return DiskStatus.Ok;
    }

    private CutReport JudgeSession(CutSession session, ulong? seed, LossModel? loss, int cutNumber)
    {
        // Without the gate: the disk is off, so nothing else touches the cache, and the medium may take its time.
        DiskOptions options = core.Options;
        ulong drawn = seed ?? (SplitMix64.Hash(options.Seed, (ulong)cutNumber) >> DrawnSeedShift);
        CutReport report = session.Judge(_reportCount + 1, drawn, loss ?? options.Loss);
        lock (core.Gate)
        {
            _reportCount++;
            Keep(report);
            core.Events?.OnCut(report);
            return report;
        }
    }

    private void Keep(CutReport report)
    {
        _reports.Add(report);
        if (_reports.Count > Disk.MaxReports)
        {
            _reports.RemoveAt(0);
        }

        long entries = 0;
        for (int i = _reports.Count - 1; i >= 0; i--)
        {
            entries += _reports[i].Pending.Count;
            if (entries > Disk.MaxReportEntries && i < _reports.Count - 1)
            {
                _reports[i] = _reports[i] with { Pending = [], IsPendingDropped = true };
            }
        }
    }

    private CutSession RequireSession(string what) =>
        _session ?? throw new PowerMoveException(
            core.State == PowerState.Off
                ? $"disk {core.Options.Name} was not cut (or its platter was replaced since): nothing to {what}"
                : $"disk {core.Options.Name} is on: {what} needs a cut disk",
            core.State);

    private void RequireOff(string why)
    {
        if (core.State != PowerState.Off)
        {
            throw new PowerMoveException($"disk {core.Options.Name} is on: {why}", core.State);
        }
    }

    private void DropSession()
    {
        _session?.Dispose();
        _session = null;
    }
}
