using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Judging;

namespace BlockEmu.Oracle.Bundles;

/// <summary>Recomputes the survivors from seed and loss model (docs/bundle-format.md, section 4).</summary>
internal sealed class SurvivorReplay
{
    private readonly BundleManifest _manifest;
    private readonly IReadOnlyList<AtomLayout> _atoms;
    private readonly SurvivalUnits[] _units;
    private readonly long[] _positionsBefore;
    private readonly List<Extent>[] _picked;
    private readonly long _prefix;

    public SurvivorReplay(BundleManifest manifest, IReadOnlyList<AtomLayout> atoms)
    {
        _manifest = manifest;
        _atoms = atoms;
        _picked = new List<Extent>[manifest.Pending.Count];
        ILookup<long, AtomPick> picks = manifest.Loss.Picks.ToLookup(p => p.Sequence);
        _units = new SurvivalUnits[manifest.Pending.Count];
        _positionsBefore = new long[manifest.Pending.Count];
        long positions = 0;
        for (int i = 0; i < _units.Length; i++)
        {
            _units[i] = new SurvivalUnits(manifest.Pending[i], atoms[i]);
            _picked[i] = Picked(picks[manifest.Pending[i].Sequence], atoms[i]);
            _positionsBefore[i] = positions;
            positions += manifest.Pending[i].Sequence > manifest.NewestRequiredSequence ? _units[i].LiveCount : 0;
        }

        _prefix = Coin.FifoPrefix(manifest.Seed, positions);
    }

    /// <summary>Whether an atom (with a live block) of a pending command survives.</summary>
    public bool Survives(int command, long atom)
    {
        BundleCommand c = _manifest.Pending[command];
        long unit = _units[command].UnitOf(atom);
        return c.MustSurvive || _manifest.Loss.Kind switch
        {
            LossRuleKind.LoseAll => false,
            LossRuleKind.KeepAll => c.IsAcknowledged || Toss(command, unit, 0.5),
            LossRuleKind.Random => Toss(command, unit, _manifest.Loss.Probability),
            LossRuleKind.Fifo => c.Sequence <= _manifest.NewestRequiredSequence
                || _positionsBefore[command] + _units[command].RankOf(unit) < _prefix,
            _ => ExtentSet.FirstMeeting(_picked[command], _atoms[command].RangeOf(_units[command].CoinOf(unit))) is not null,
        };
    }

    /// <summary>The live ranges of a command that survive, normal.</summary>
    public List<Extent> Kept(int command, WorkBudget budget)
    {
        BundleCommand c = _manifest.Pending[command];
        List<Extent> live = ExtentSet.Union(c.Live);
        SurvivalUnits units = _units[command];
        List<Extent> survivors = [];
        foreach (long unit in units.LiveUnits())
        {
            budget.Spend(1);
            if (Survives(command, units.CoinOf(unit)))
            {
                survivors.Add(units.RangeOf(unit));
            }
        }

        return ExtentSet.Subtract(live, ExtentSet.Subtract(live, ExtentSet.Union(survivors)));
    }

    private static List<Extent> Picked(IEnumerable<AtomPick> picks, AtomLayout atoms) =>
        ExtentSet.Union(picks.Where(p => p.First < atoms.Count).Select(p =>
        {
            long start = atoms.RangeOf(p.First).OffsetBytes;
            return new Extent(start, atoms.RangeOf(Math.Min(p.Last, atoms.Count - 1)).EndBytes - start);
        }));

    private bool Toss(int command, long unit, double probability) =>
        Coin.Toss(_manifest.Seed, _manifest.Pending[command].Sequence, _units[command].CoinOf(unit), probability);
}
