using BlockEmu.Device.Power;

namespace BlockEmu.Server.Metrics;

/// <summary>Sums over one disk's cuts; recuts count by themselves, their outcomes nowhere.</summary>
public sealed class PowerTally
{
    private readonly long[] _cutsByModel = new long[Enum.GetValues<LossModelKind>().Length];
    private long _recuts;
    private long _notJudged;
    private long _atomsKept;
    private long _atomsLost;
    private long _commandsTorn;

    public long Recuts => Interlocked.Read(ref _recuts);

    public long AtomsKept => Interlocked.Read(ref _atomsKept);

    public long AtomsLost => Interlocked.Read(ref _atomsLost);

    public long CommandsTorn => Interlocked.Read(ref _commandsTorn);

    public long CutsWith(LossModelKind kind) => Interlocked.Read(ref _cutsByModel[(int)kind]);

    /// <summary>Judgements of cuts that the medium did not allow.</summary>
    public long NotJudged => Interlocked.Read(ref _notJudged);

    /// <summary>A cut happened, whether it could be judged or not.</summary>
    public void CountCut(LossModelKind asked) => Interlocked.Increment(ref _cutsByModel[(int)asked]);

    /// <summary>A cut, or a further try at one, could not be judged.</summary>
    public void CountNotJudged() => Interlocked.Increment(ref _notJudged);

    /// <summary>A cut was judged for the first time.</summary>
    public void CountOutcome(CutReport report)
    {
        Interlocked.Add(ref _atomsKept, report.AtomsKept);
        Interlocked.Add(ref _atomsLost, report.AtomsLost);
        Interlocked.Add(ref _commandsTorn, report.CommandsTorn);
    }

    public void CountRecut() => Interlocked.Increment(ref _recuts);
}
