using BlockEmu.Device.Cache;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Device.Power;

/// <summary>Decides for each pending atom whether it survives a cut: a function of seed, model, step and atom alone.</summary>
internal sealed class LossJudge
{
    /// <summary>The atoms of one Trim or WriteZeroes are tied into at most this many runs, so that huge ones stay cheap.</summary>
    public const int MaxZeroRuns = 64;

    /// <summary>Names the draw of <c>fifo</c> among the seed's coins.</summary>
    public const ulong FifoDraw = 0xF1F0;

    private readonly ulong _seed;
    private readonly LossModel _model;
    private readonly Dictionary<long, List<AtomSelection>> _explicit = [];
    private long _fifoSequence = long.MaxValue;
    private long _fifoUnit;

    public LossJudge(ulong seed, LossModel model)
    {
        _seed = seed;
        _model = model;
        foreach (AtomSelection selection in model.Atoms)
        {
            if (!_explicit.TryGetValue(selection.Sequence, out List<AtomSelection>? list))
            {
                _explicit[selection.Sequence] = list = [];
            }

            list.Add(selection);
        }

        foreach (List<AtomSelection> list in _explicit.Values)
        {
            Merge(list);
        }
    }

    /// <summary>With <c>fifo</c>: says which unit is the first that does not survive.</summary>
    public void SetFifoBorder(long sequence, long unit)
    {
        _fifoSequence = sequence;
        _fifoUnit = unit;
    }

    /// <summary>With <c>fifo</c>: how many of <paramref name="units"/> units after the newest required step survive.</summary>
    public long DrawFifo(long units) =>
        (long)(((UInt128)SplitMix64.Hash(_seed, FifoDraw) * (UInt128)(units + 1)) >> 64);

    /// <summary>The unit (an atom, or a run of tied atoms) of an atom.</summary>
    public static long UnitOf(PendingCommand command, long atom)
    {
        long count = command.AtomCount;
        if (!IsTied(command, count))
        {
            return atom;
        }

        long run = (long)((UInt128)(ulong)atom * MaxZeroRuns / (UInt128)(ulong)count);
        while (FirstAtomOf(run + 1, count) <= atom)
        {
            run++;
        }

        return run;
    }

    /// <summary>The first byte after a unit.</summary>
    public static long EndOfUnit(PendingCommand command, long unit)
    {
        long count = command.AtomCount;
        long last = IsTied(command, count) ? FirstAtomOf(unit + 1, count) - 1 : unit;
        ByteRange atom = command.Layout[last];
        return atom.EndBytes;
    }

    /// <summary>Whether the atoms of one unit survive.</summary>
    public bool Survives(PendingCommand command, long unit)
    {
        if (command.MustSurvive)
        {
            return true;
        }

        long count = command.AtomCount;
        long atom = IsTied(command, count) ? FirstAtomOf(unit, count) : unit;
        return _model.Kind switch
        {
            LossModelKind.LoseAll => false,
            LossModelKind.KeepAll => command.IsAcknowledged || IsHeads(command.Sequence, atom, 0.5),
            LossModelKind.Random => IsHeads(command.Sequence, atom, _model.Probability),
            LossModelKind.Fifo => command.Sequence < _fifoSequence
                || (command.Sequence == _fifoSequence && unit < _fifoUnit),
            _ => _explicit.TryGetValue(command.Sequence, out List<AtomSelection>? chosen)
                && Holds(chosen, atom),
        };
    }

    private static void Merge(List<AtomSelection> list)
    {
        list.Sort((a, b) => a.FirstAtom.CompareTo(b.FirstAtom));
        int last = 0;
        for (int i = 1; i < list.Count; i++)
        {
            if (list[i].FirstAtom <= list[last].LastAtom)
            {
                list[last] = list[last] with { LastAtom = Math.Max(list[last].LastAtom, list[i].LastAtom) };
            }
            else
            {
                list[++last] = list[i];
            }
        }

        list.RemoveRange(last + 1, list.Count - last - 1);
    }

    /// <summary>Whether one of the merged selections holds an atom.</summary>
    private static bool Holds(List<AtomSelection> chosen, long atom)
    {
        int low = 0;
        int high = chosen.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (chosen[middle].LastAtom < atom)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < chosen.Count && chosen[low].FirstAtom <= atom;
    }

    private bool IsHeads(long sequence, long atom, double probability) =>
        SplitMix64.ToUnit(SplitMix64.Hash(_seed, (ulong)sequence, (ulong)atom)) < probability;

    private static bool IsTied(PendingCommand command, long count) => command.Kind != WriteKind.Write && count > MaxZeroRuns;

    private static long FirstAtomOf(long run, long count) => (long)((UInt128)(ulong)run * (UInt128)(ulong)count / MaxZeroRuns);
}
