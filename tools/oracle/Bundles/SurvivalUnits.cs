using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Bundles;

/// <summary>What of a command shares one coin: its atoms, or the 64 runs in which the atoms of a large Trim or WriteZeroes
/// are tied.</summary>
internal sealed class SurvivalUnits
{
    private const int RunCount = 64;
    private readonly AtomLayout _atoms;
    private readonly bool _isTied;
    private readonly List<(long First, long Last, long RankOfFirst)> _liveUnits = [];

    public SurvivalUnits(BundleCommand command, AtomLayout atoms)
    {
        _atoms = atoms;
        _isTied = command.Kind != StepKind.Write && atoms.Count > RunCount;
        foreach (Extent live in command.Live)
        {
            AddLive(UnitOf(atoms.IndexOf(live.OffsetBytes)), UnitOf(atoms.IndexOf(live.EndBytes - 1)));
        }
    }

    /// <summary>How many units have a live block.</summary>
    public long LiveCount { get; private set; }

    /// <summary>The unit of an atom.</summary>
    public long UnitOf(long atom)
    {
        if (!_isTied)
        {
            return atom;
        }

        long run = (long)((Int128)atom * RunCount / _atoms.Count);
        while (run + 1 < RunCount && FirstAtomOfRun(run + 1) <= atom)
        {
            run++;
        }

        return run;
    }

    /// <summary>The atom whose coin decides.</summary>
    public long CoinOf(long unit) => _isTied ? FirstAtomOfRun(unit) : unit;

    /// <summary>Where a unit lies.</summary>
    public Extent RangeOf(long unit)
    {
        if (!_isTied)
        {
            return _atoms.RangeOf(unit);
        }

        long start = _atoms.RangeOf(FirstAtomOfRun(unit)).OffsetBytes;
        return new Extent(start, _atoms.RangeOf(FirstAtomOfRun(unit + 1) - 1).EndBytes - start);
    }

    /// <summary>How many live units come before a live one.</summary>
    public long RankOf(long unit)
    {
        int low = 0;
        int high = _liveUnits.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = _liveUnits[middle].First <= unit ? (middle, high) : (low, middle - 1);
        }

        return _liveUnits[low].RankOfFirst + unit - _liveUnits[low].First;
    }

    /// <summary>Every live unit, ascending.</summary>
    public IEnumerable<long> LiveUnits()
    {
        foreach ((long first, long last, _) in _liveUnits)
        {
            for (long unit = first; unit <= last; unit++)
            {
                yield return unit;
            }
        }
    }

    private long FirstAtomOfRun(long run) => (long)((Int128)run * _atoms.Count / RunCount);

    /// <summary>Live ranges ascend, so units do; two ranges may meet in one unit.</summary>
    private void AddLive(long first, long last)
    {
        if (_liveUnits.Count > 0 && first <= _liveUnits[^1].Last)
        {
            first = _liveUnits[^1].Last + 1;
        }

        if (first <= last)
        {
            _liveUnits.Add((first, last, LiveCount));
            LiveCount += last - first + 1;
        }
    }
}
