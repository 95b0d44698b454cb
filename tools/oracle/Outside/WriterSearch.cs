using BlockEmu.Oracle.Judging;

namespace BlockEmu.Oracle.Outside;

/// <summary>Finds a writer for every block so that all that survived can stand in one order, or says why there is none.</summary>
/// <remarks>
/// Where every block's content has one possible writer there is nothing to search: <see cref="Settle"/> decides. Where
/// contents are equal (zeroes, repeated data) <see cref="TryFinish"/> tries: depth first, the blocks that failed most often
/// first, starting anew with twice the patience each time, until a guess holds, all guesses have failed, or the budget is
/// spent.
/// </remarks>
internal sealed class WriterSearch(CoverTable table, WriterState state, WorkBudget budget)
{
    private const int MaxPasses = 8;
    private const long FirstPatience = 1000;

    private readonly int[] _failures = new int[table.BlockCount];

    /// <summary>The block on which most guesses failed.</summary>
    public int HardestBlock => Array.IndexOf(_failures, _failures.Max());

    /// <summary>Takes what has no alternative: what replies promised, blocks with one possible writer, and those of which all
    /// other writers contradict that.</summary>
    /// <param name="required">The atoms that replies promised.</param>
    /// <param name="refused">Called for each block that can show nothing it shows, in the state in which it can't.</param>
    public void Settle(IEnumerable<int> required, Action<int> refused)
    {
        foreach (int atom in required)
        {
            _ = state.TrySurvive(atom, out _);
        }

        List<int> open = [];
        for (int block = 0; block < table.BlockCount; block++)
        {
            if (table.Candidates(block).Length + (table.ShowsFirst(block) ? 1 : 0) > 1)
            {
                open.Add(block);
            }
            else
            {
                TakeOnlyOption(block, refused);
            }
        }

        int before;
        int pass = 0;
        do
        {
            before = open.Count;
            open.RemoveAll(block => CountOptions(block) < 2 && TakeOnlyOption(block, refused));
        }
        while (open.Count < before && ++pass < MaxPasses);
    }

    /// <summary>Decides the blocks that are open still. False: no guess holds.</summary>
    public bool TryFinish()
    {
        List<int> open = [];
        for (int block = 0; block < table.BlockCount; block++)
        {
            if (state.ShownBy(block) == WriterState.Open)
            {
                open.Add(block);
            }
        }

        for (long patience = FirstPatience; ; patience *= 2)
        {
            int[] order = [.. open.OrderByDescending(b => _failures[b])];
            if (Descend(order, patience) is { } found)
            {
                return found;
            }
        }
    }

    /// <summary>What a block may show, the likeliest first.</summary>
    public List<int> OptionsOf(int block)
    {
        List<int> options = [];
        List<int> alone = [];
        List<int> others = [];
        foreach (int atom in table.Candidates(block))
        {
            if (table.IsFree(atom))
            {
                return [atom]; // whatever else is so, it may as well be this one
            }

            (state.HasSurvived(atom) ? options : table.IsOneBlock(atom) ? alone : others).Add(atom);
        }

        options.AddRange(alone);
        if (table.ShowsFirst(block))
        {
            options.Add(WriterState.First);
        }

        options.AddRange(others);
        return options;
    }

    /// <summary>Two is enough to know.</summary>
    private int CountOptions(int block)
    {
        int count = 0;
        foreach (int option in OptionsOf(block))
        {
            (int, (int, int)) mark = state.Mark;
            count += state.TryShow(block, option, out _) ? 1 : 0;
            state.UndoTo(mark);
            if (count == 2)
            {
                break;
            }
        }

        return count;
    }

    private bool TakeOnlyOption(int block, Action<int> refused)
    {
        foreach (int option in OptionsOf(block))
        {
            (int, (int, int)) mark = state.Mark;
            if (state.TryShow(block, option, out _))
            {
                return true;
            }

            state.UndoTo(mark);
        }

        refused(block);
        return true;
    }

    /// <summary>True: found, and the state holds it. False: there is none. Null: the patience ended.</summary>
    private bool? Descend(int[] order, long patience)
    {
        Stack<((int, (int, int)) Mark, List<int> Options, int Next)> path = new();
        (int, (int, int)) start = state.Mark;
        while (path.Count < order.Length || order.Length == 0)
        {
            if (order.Length == 0)
            {
                return true;
            }

            int block = order[path.Count];
            path.Push((state.Mark, OptionsOf(block), 0));
            while (!TryNext(path, order))
            {
                _failures[order[path.Count - 1]]++;
                path.Pop();
                if (path.Count == 0)
                {
                    return false;
                }

                budget.Spend(1);
                if (--patience < 0)
                {
                    state.UndoTo(start);
                    return null;
                }
            }
        }

        return true;
    }

    /// <summary>The deepest block's next option that holds; false when none is left, and the state is as before it.</summary>
    private bool TryNext(Stack<((int, (int, int)) Mark, List<int> Options, int Next)> path, int[] order)
    {
        ((int, (int, int)) mark, List<int> options, int next) = path.Pop();
        state.UndoTo(mark);
        for (; next < options.Count; next++)
        {
            if (state.TryShow(order[path.Count], options[next], out _))
            {
                path.Push((mark, options, next + 1));
                return true;
            }

            state.UndoTo(mark);
        }

        path.Push((mark, options, next));
        return false;
    }
}
