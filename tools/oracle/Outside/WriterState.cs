using BlockEmu.Oracle.Judging;

namespace BlockEmu.Oracle.Outside;

/// <summary>A guess so far: which writer each block shows, the atoms that have survived if that is so, and the order that
/// follows. It is never inconsistent: what would make it so is refused.</summary>
internal sealed class WriterState
{
    /// <summary>In place of an atom: the block shows the first content.</summary>
    public const int First = -1;

    /// <summary>In place of an atom: nothing was chosen yet.</summary>
    public const int Open = -2;

    private readonly CoverTable _table;
    private readonly int[] _shown;
    private readonly int[] _survivorCount;
    private readonly bool[] _hasSurvived;
    private readonly WorkBudget _budget;

    // What to take back: an atom that survived, or the complement of a block that was decided.
    private readonly List<int> _trail = [];

    public WriterState(CoverTable table, StepOrder order, WorkBudget budget)
    {
        (_table, Order, _budget) = (table, order, budget);
        _shown = new int[table.BlockCount];
        Array.Fill(_shown, Open);
        _survivorCount = new int[table.BlockCount];
        _hasSurvived = new bool[table.Atoms.Count];
    }

    public StepOrder Order { get; }

    /// <summary>To be given to <see cref="UndoTo"/>.</summary>
    public (int Trail, (int, int) Order) Mark => (_trail.Count, Order.Mark);

    /// <summary>The atom that a block is said to show, <see cref="First"/> or <see cref="Open"/>.</summary>
    public int ShownBy(int block) => _shown[block];

    public bool HasSurvived(int atom) => _hasSurvived[atom];

    /// <summary>How many survivors cover a block.</summary>
    public int SurvivorCount(int block) => _survivorCount[block];

    /// <summary>Says that an atom survived. False, with the reason, when that contradicts what blocks are said to show; the
    /// caller takes back.</summary>
    public bool TrySurvive(int atom, out Conflict conflict)
    {
        conflict = default;
        if (_hasSurvived[atom])
        {
            return true;
        }

        _hasSurvived[atom] = true;
        _trail.Add(atom);
        CoverTable.Atom survivor = _table.Atoms[atom];
        for (int block = survivor.FirstBlock; block < survivor.EndBlock; block++)
        {
            _budget.Spend(1);
            _survivorCount[block]++;
        }

        for (int block = survivor.FirstBlock; block < survivor.EndBlock; block++)
        {
            int shown = _shown[block];
            if (shown != Open && shown != atom && !TryPutUnder(block, atom, shown, out conflict))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Says what a block shows: one of its candidates, or <see cref="First"/>. False, with the reason, when it cannot
    /// be; the caller takes back.</summary>
    public bool TryShow(int block, int atom, out Conflict conflict)
    {
        _shown[block] = atom;
        _trail.Add(~block);
        if (atom != First && !TrySurvive(atom, out conflict))
        {
            return false;
        }

        foreach (int other in _table.Covering(block))
        {
            _budget.Spend(1);
            if (_hasSurvived[other] && other != atom && !TryPutUnder(block, other, atom, out conflict))
            {
                return false;
            }
        }

        conflict = default;
        return true;
    }

    public void UndoTo((int Trail, (int, int) Order) mark)
    {
        for (int i = _trail.Count - 1; i >= mark.Trail; i--)
        {
            int entry = _trail[i];
            if (entry < 0)
            {
                _shown[~entry] = Open;
                continue;
            }

            _hasSurvived[entry] = false;
            for (int block = _table.Atoms[entry].FirstBlock; block < _table.Atoms[entry].EndBlock; block++)
            {
                _survivorCount[block]--;
            }
        }

        _trail.RemoveRange(mark.Trail, _trail.Count - mark.Trail);
        Order.UndoTo(mark.Order);
    }

    private bool TryPutUnder(int block, int survivor, int shown, out Conflict conflict)
    {
        conflict = new Conflict(block, survivor, shown);
        return shown != First && Order.TryAdd(_table.Atoms[survivor].Step, _table.Atoms[shown].Step, block);
    }
}
