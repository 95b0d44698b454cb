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
    private readonly PrefixReplay _prefix;
    private readonly AdversaryReplay _adversary;
    private readonly AgeReplay _age;
    private readonly List<Extent>[] _picked;

    public SurvivorReplay(BundleManifest manifest, IReadOnlyList<AtomLayout> atoms)
    {
        _manifest = manifest;
        _atoms = atoms;
        _picked = new List<Extent>[manifest.Pending.Count];
        ILookup<long, AtomPick> picks = manifest.Loss.Picks.ToLookup(p => p.Sequence);
        _units = new SurvivalUnits[manifest.Pending.Count];
        for (int i = 0; i < _units.Length; i++)
        {
            _units[i] = new SurvivalUnits(manifest.Pending[i], atoms[i]);
            _picked[i] = Picked(picks[manifest.Pending[i].Sequence], atoms[i]);
        }

        _prefix = new PrefixReplay(manifest, _units);
        _adversary = new AdversaryReplay(manifest, _units);
        _age = new AgeReplay(manifest);
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
            LossRuleKind.Aged => Toss(command, unit, _age.ProbabilityOf(c.Sequence)),
            LossRuleKind.Fifo or LossRuleKind.Epoch => _prefix.Holds(command, unit),
            LossRuleKind.Adversary => _adversary.Survives(command, unit),
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
