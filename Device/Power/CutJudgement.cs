using BlockEmu.Device.Geometry;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Device.Power;

/// <summary>The judging of a disk's cuts: the session of the cut it is off by, and the reports of all. The power moves call it, one at a
/// time.</summary>
internal sealed class CutJudgement(DiskCore core) : IDisposable
{
    /// <summary>Drawn seeds fit a JSON number exactly.</summary>
    private const int DrawnSeedShift = 11;

    private readonly CutReports _reports = new(); // under the core's gate
    private string? _failure; // under the core's gate
    private CutSession? _session;

    /// <summary>The reports that are kept, oldest first. Any thread.</summary>
    public IReadOnlyList<CutReport> Reports
    {
        get
        {
            lock (core.Gate)
            {
                return _reports.All;
            }
        }
    }

    /// <summary>Why the cut that the disk is off by could not be judged; null when it was, or there is none. Any thread.</summary>
    public string? Failure
    {
        get
        {
            lock (core.Gate)
            {
                return _failure;
            }
        }
    }

    /// <summary>A cut has happened. Under the disk's lock.</summary>
    public void Begin(int cutNumber, IReadOnlyList<DiskMark> marks) => _session = new CutSession(core, cutNumber, marks);

    /// <summary>Judges the cut, or judges it again. Throws <see cref="CutNotJudgedException"/>.</summary>
    public CutReport Judge(ulong? seed, LossModel? loss)
    {
        // Without the gate: the disk is off, so nothing else touches the cache, and the medium may take its time.
        DiskOptions options = core.Options;
        CutSession session = _session!;
        ulong drawn = seed ?? (SplitMix64.Hash(options.Seed, (ulong)session.CutNumber) >> DrawnSeedShift);
        try
        {
            CutReport report = session.Judge(_reports.Count + 1, drawn, loss ?? options.Loss);
            lock (core.Gate)
            {
                _failure = null;
                _reports.Add(report);
                core.Events?.OnCut(report);
            }

            return report;
        }
        catch (CutNotJudgedException e)
        {
            lock (core.Gate)
            {
                _failure = e.Message;
            }

            throw;
        }
    }

    /// <summary>The cut that the disk is off by, on the platter that it met; <see cref="PowerMoveException"/> when there is none.</summary>
    public CutSession Require(string what)
    {
        if (_session is null)
        {
            throw new PowerMoveException(
                core.State == PowerState.Off
                    ? $"disk {core.Options.Name} was not cut (or its platter was replaced since): nothing to {what}"
                    : $"disk {core.Options.Name} is on: {what} needs a cut disk",
                core.State);
        }

        RequireUntouched();
        return _session;
    }

    /// <summary>A cut is judged on the platter that it met, and on no other.</summary>
    public void RequireUntouched()
    {
        if (_session is { IsOverwritten: true })
        {
            throw new PowerMoveException(
                $"disk {core.Options.Name}: its image was written or replaced by another program since the cut, so the cut can't be "
                + "judged on it any more; power on takes the image as it is",
                core.State);
        }
    }

    /// <summary>There is no cut that waits to be judged.</summary>
    public void RequireDone()
    {
        if (_session is { Report: null })
        {
            throw new PowerMoveException(
                $"disk {core.Options.Name}: the cut could not be judged ({_session.Failure}): "
                + "a recut tries again, or power on accepts \"lose-all\", the loss of all that was pending",
                core.State);
        }
    }

    /// <summary>Whether there is a judgement to show the evidence of.</summary>
    public CutSession RequireJudged(string what)
    {
        CutSession session = Require(what);
        RequireDone();
        return session;
    }

    public void Dispose() => Drop();

    /// <summary>The cut is over.</summary>
    public void Drop()
    {
        _session?.Dispose();
        _session = null;
        lock (core.Gate)
        {
            _failure = null;
        }
    }
}
