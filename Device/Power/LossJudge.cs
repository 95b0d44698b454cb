using BlockEmu.Device.Cache;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Device.Power;

/// <summary>Decides for each pending atom whether it survives a cut: a function of seed, model, step and atom alone.</summary>
internal sealed class LossJudge
{
    /// <summary>The atoms of one Trim or WriteZeroes are tied into at most this many runs, so that huge ones stay cheap.</summary>
    public const int MaxZeroRuns = 64;

    private readonly ulong _seed;
    private readonly LossModel _model;
    private readonly CutCommands _commands;
    private readonly Dictionary<long, List<AtomSelection>> _explicit = [];
    private readonly PrefixDraw? _prefix;
    private readonly AdversaryDraw? _adversary;
    private readonly long _oldest;
    private readonly long _newest;

    public LossJudge(ulong seed, LossModel model, CutCommands commands)
    {
        _seed = seed;
        _model = model;
        _commands = commands;
        switch (model.Kind)
        {
            case LossModelKind.Fifo:
                _prefix = PrefixDraw.Fifo(commands, seed);
                break;
            case LossModelKind.Epoch:
                _prefix = PrefixDraw.Epoch(commands, seed);
                break;
            case LossModelKind.Adversary:
                _adversary = new AdversaryDraw(commands, seed);
                break;
            case LossModelKind.Aged:
                _oldest = commands.All.FirstOrDefault(c => commands.CountUnits(c) > 0)?.Sequence ?? 0;
                _newest = commands.All.LastOrDefault(c => commands.CountUnits(c) > 0)?.Sequence ?? 0;
                break;
        }

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
        if (_commands.MustSurvive(command))
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
            LossModelKind.Aged => IsHeads(command.Sequence, atom, ProbabilityAt(command.Sequence)),
            LossModelKind.Fifo or LossModelKind.Epoch => _prefix!.Holds(command.Sequence, unit),
            LossModelKind.Adversary => _adversary!.Survives(command.Sequence, unit),
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

    /// <summary>With <c>aged</c>. A command that is the only one counts as the newest.</summary>
    private double ProbabilityAt(long sequence) => _newest == _oldest
        ? _model.NewestProbability
        : _model.Probability
            + ((_model.NewestProbability - _model.Probability) * ((double)(sequence - _oldest) / (_newest - _oldest)));

    private bool IsHeads(long sequence, long atom, double probability) =>
        SplitMix64.ToUnit(SplitMix64.Hash(_seed, (ulong)sequence, (ulong)atom)) < probability;

    private static bool IsTied(PendingCommand command, long count) => command.Kind != WriteKind.Write && count > MaxZeroRuns;

    private static long FirstAtomOf(long run, long count) => (long)((UInt128)(ulong)run * (UInt128)(ulong)count / MaxZeroRuns);
}
