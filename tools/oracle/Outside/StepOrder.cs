using BlockEmu.Oracle.Judging;

namespace BlockEmu.Oracle.Outside;

/// <summary>A partial order of steps that grows edge by edge and refuses what would close a circle. Edges are taken back in
/// the reverse order of their coming.</summary>
/// <remarks>
/// <para>Real time is in it from the start: what was answered before something else was sent comes before it. No edges are
/// kept for that. Each step has an earliest position: where it was sent, or the earliest one of any step before it, if that
/// is later.</para>
/// <para>There is a circle exactly if the edges alone have one, or if some step's earliest position is not before its answer.
/// (Otherwise the earliest positions, ties broken along the edges, are an order that keeps real time, too. And a step that
/// can't be before its own answer comes after one that was sent behind that answer.) An edge from a step with a lower
/// earliest position to one with a higher costs nothing; between equal ones a circle is looked for among equals; otherwise
/// the positions behind it are raised.</para>
/// </remarks>
internal sealed class StepOrder
{
    /// <summary>The tag of what real time says.</summary>
    public const int RealTime = -1;

    private const int None = -1;

    private readonly WorkBudget _budget;
    private readonly IReadOnlyList<(int SentAt, int AnsweredAt)> _steps;
    private readonly int[] _earliest;
    private readonly int[] _firstOut;
    private readonly int[] _seen;
    private readonly List<Edge> _edges = [];
    private readonly List<(int Step, int Earliest)> _raised = [];
    private readonly Stack<int> _open = new();
    private int _round;

    /// <param name="steps">For each step where it was sent and where it was answered (<see cref="ClientOperation.Never"/> = not).</param>
    /// <param name="budget">Bounds the work.</param>
    public StepOrder(IReadOnlyList<(int SentAt, int AnsweredAt)> steps, WorkBudget budget)
    {
        (_budget, _steps) = (budget, steps);
        budget.Spend(steps.Count);
        _earliest = [.. steps.Select(static s => s.SentAt)];
        _firstOut = new int[steps.Count];
        _seen = new int[steps.Count];
        Array.Fill(_firstOut, None);
    }

    private readonly record struct Edge(int From, int To, int Tag, int NextOut);

    /// <summary>To be given to <see cref="UndoTo"/>.</summary>
    public (int Edges, int Raised) Mark => (_edges.Count, _raised.Count);

    /// <summary>Demands that one step comes before another; false, and nothing has changed, when it comes after it.</summary>
    /// <param name="before">The earlier step.</param>
    /// <param name="after">The later one.</param>
    /// <param name="tag">Why; comes back in <see cref="FindPath"/>.</param>
    public bool TryAdd(int before, int after, int tag)
    {
        int mark = _raised.Count;
        if (!TryRaise(after, _earliest[before])
            || (_earliest[after] == _earliest[before] && IsReachedAmongEquals(after, before)))
        {
            Lower(mark);
            return false;
        }

        _edges.Add(new Edge(before, after, tag, _firstOut[before]));
        _firstOut[before] = _edges.Count - 1;
        return true;
    }

    /// <summary>Takes back every edge since a mark.</summary>
    public void UndoTo((int Edges, int Raised) mark)
    {
        for (int i = _edges.Count - 1; i >= mark.Edges; i--)
        {
            _firstOut[_edges[i].From] = _edges[i].NextOut;
        }

        _edges.RemoveRange(mark.Edges, _edges.Count - mark.Edges);
        Lower(mark.Raised);
    }

    /// <summary>A shortest way from one step to another, where <see cref="TryAdd"/> has just found one: the steps on it after
    /// the first, each with the tag of what leads to it.</summary>
    public IReadOnlyList<(int Step, int Tag)> FindPath(int from, int to)
    {
        int[] bySending = [.. Enumerable.Range(0, _steps.Count).OrderBy(s => _steps[s].SentAt)];
        int last = bySending.Length - 1; // what was sent behind it has been reached
        Dictionary<int, (int Step, int Tag)> cameFrom = new() { [from] = (None, RealTime) };
        Queue<int> open = new([from]);
        while (open.TryDequeue(out int step) && step != to)
        {
            for (int e = _firstOut[step]; e != None; e = _edges[e].NextOut)
            {
                Reach(_edges[e].To, step, _edges[e].Tag);
            }

            for (; last >= 0 && _steps[bySending[last]].SentAt > _steps[step].AnsweredAt; last--)
            {
                Reach(bySending[last], step, RealTime);
            }
        }

        List<(int, int)> path = [];
        for (int step = to; step != from; step = cameFrom[step].Step)
        {
            path.Add((step, cameFrom[step].Tag));
        }

        path.Reverse();
        return path;

        void Reach(int step, int by, int tag)
        {
            if (cameFrom.TryAdd(step, (by, tag)))
            {
                open.Enqueue(step);
            }
        }
    }

    /// <summary>Whether one step leads to another of the same earliest position: then all on the way have that, too.</summary>
    private bool IsReachedAmongEquals(int from, int to)
    {
        _round++;
        _open.Clear();
        Visit(from);
        while (_open.TryPop(out int step))
        {
            if (step == to)
            {
                return true;
            }

            for (int e = _firstOut[step]; e != None; e = _edges[e].NextOut)
            {
                int next = _edges[e].To;
                if (_earliest[next] == _earliest[to] && _seen[next] != _round)
                {
                    Visit(next);
                }
            }
        }

        return false;
    }

    /// <summary>Raises a step, and what follows from it, to an earliest position at least; false when one was answered before
    /// that. The caller lowers.</summary>
    private bool TryRaise(int step, int earliest)
    {
        _open.Clear();
        _open.Push(step);
        while (_open.TryPop(out int next))
        {
            _budget.Spend(1);
            if (_earliest[next] >= earliest)
            {
                continue;
            }

            if (_steps[next].AnsweredAt < earliest)
            {
                return false;
            }

            _raised.Add((next, _earliest[next]));
            _earliest[next] = earliest;
            for (int e = _firstOut[next]; e != None; e = _edges[e].NextOut)
            {
                _open.Push(_edges[e].To);
            }
        }

        return true;
    }

    private void Visit(int step)
    {
        _budget.Spend(1);
        _seen[step] = _round;
        _open.Push(step);
    }

    private void Lower(int mark)
    {
        for (int i = _raised.Count - 1; i >= mark; i--)
        {
            _earliest[_raised[i].Step] = _raised[i].Earliest;
        }

        _raised.RemoveRange(mark, _raised.Count - mark);
    }
}
