using System.Diagnostics.CodeAnalysis;
using BlockEmu.Device.Cache;
using BlockEmu.Device.Media;
using BlockEmu.Device.Power;

namespace BlockEmu.Device;

/// <summary>The power moves of one disk, one at a time.</summary>
[SuppressMessage("Usage", "CA2213", Justification = "No wait handle is ever asked of it, and a late move may still wait on it")]
internal sealed class DiskPower(DiskCore core, Destager destager, PowerGate powerGate) : IDisposable
{
    private readonly SemaphoreSlim _moves = new(1, 1);
    private readonly DiskMarks _marks = new(core);
    private readonly CutJudgement _judgement = new(core);
    private bool _isDisposed; // under _moves
    private int _cutCount;

    public int Cuts => Volatile.Read(ref _cutCount);

    /// <summary>Why the disk is not what it should be: the medium is lost, or the cut could not be judged; else null.</summary>
    public string? Failure => core.ReadLocked(static core => core.FailureReason) ?? _judgement.Failure;

    /// <summary>What a killed server had left beside an image that was put in the first one's place.</summary>
    public RedoFinding? Found { get; private set; }

    public IReadOnlyList<CutReport> Reports => _judgement.Reports;

    public CutReport Cut(ulong? seed, LossModel? loss) => Move(() =>
    {
        Stop("cut");
        destager.WaitUntilIdle(); // what is issued to the medium is awaited, and then counts as required
        lock (core.Gate)
        {
            core.State = PowerState.Off;
            _cutCount++;
            _judgement.Begin(_cutCount, _marks.All);
        }

        powerGate.Settle();
        return _judgement.Judge(seed, loss);
    });

    public CutReport Recut(ulong? seed, LossModel? loss) => Move(() =>
    {
        using PlatterUse use = new(core.Medium);
        _judgement.Require("recut");
        return _judgement.Judge(seed, loss);
    });

    public void PowerOn(bool acceptLoss) => Move(() =>
    {
        using PlatterUse use = new(core.Medium);
        PowerState before = core.State;
        if (before is not (PowerState.Off or PowerState.Failed))
        {
            throw new PowerMoveException($"disk {core.Options.Name} is on already", before);
        }

        if (!acceptLoss)
        {
            _judgement.RequireDone();
        }

        if (before == PowerState.Failed)
        {
            Stop("switch on");
            destager.WaitUntilIdle();
        }

        try
        {
            FindPlatter(before);
            _judgement.Drop();
            lock (core.Gate)
            {
                _marks.Clear();
                core.BeginEpoch();
            }
        }
        finally
        {
            Settle(before);
        }

        if (before == PowerState.Off)
        {
            use.Keep(); // until the power goes
        }

        return true;
    });

    public DiskStatus Shutdown() => Move(() =>
    {
        Stop("shut down");
        DiskStatus status = FlushAll();
        lock (core.Gate)
        {
            core.State = status == DiskStatus.Ok ? PowerState.Off : core.FailureReason is null ? PowerState.On : PowerState.Failed;
            if (status == DiskStatus.Ok)
            {
                core.Cache.Clear();
            }
        }

        powerGate.Settle();
        return status;
    });

    public DiskMark Mark(string text) => _marks.Add(text);

    public void ReadPlatter(Action<PlatterReader> use) => Move(() =>
    {
        RequireOff("its platter is only to be had while it is off");
        _judgement.RequireUntouched();
        FindPlatter(PowerState.Off);
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

        using PlatterUse keptOut = new(core.Medium);
        FindPlatter(PowerState.Off);
        lock (core.Gate)
        {
            _judgement.Drop();
            core.Cache.Clear();
        }

        use(core.Medium.Write);
        core.Medium.Sync();
        return true;
    });

    public T WithEvidence<T>(Func<CutEvidence, T> use) =>
        Move(() => use(_judgement.RequireJudged("show the evidence of a cut").Evidence()));

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
            _judgement.Dispose();
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
            if (core.State is not (PowerState.On or PowerState.Failed))
            {
                throw new PowerMoveException($"disk {core.Options.Name} is off already: there is nothing to {what}", core.State);
            }

            core.State = PowerState.Stopping;
            powerGate.Unsettle();
        }
    }

    /// <summary>Goes on with the platter as it is found now. Where it does not fit, nothing changes.</summary>
    private void FindPlatter(PowerState before)
    {
        try
        {
            Found = core.Medium.Refresh() ?? Found;
        }
        catch (DeviceIoException e)
        {
            throw new PowerMoveException($"disk {core.Options.Name}: {e.Message}", before);
        }
    }

    /// <summary>The end of a move that may have failed: what is neither on nor off by it is as before.</summary>
    private void Settle(PowerState before)
    {
        lock (core.Gate)
        {
            core.State = core.State == PowerState.Stopping ? before : core.State;
        }

        powerGate.Settle();
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

    private void RequireOff(string why)
    {
        if (core.State != PowerState.Off)
        {
            throw new PowerMoveException($"disk {core.Options.Name} is on: {why}", core.State);
        }
    }
}
