namespace BlockEmu.Oracle.Judging;

/// <summary>Looks for a pending command, the border, such that the platter shows this: of everything older nothing; of the
/// border anything that is a head, a tail, all or nothing; of everything newer all, or, of several live atoms, a head or a
/// tail. The border is one that a flush covers which was not acknowledged, if there is any.</summary>
/// <remarks>
/// From the newest to the oldest. A block is explained by the first survivor that is met there, and must show it; what is
/// explained once is free for everything older. So of two choices for a command the one that explains more is never worse:
/// all if that can be, else the longest head, else the longest tail. Only a command with both a head and a tail that fit is a
/// choice to come back to.
/// </remarks>
internal sealed class AdversarySearch
{
    private readonly JudgeCase _judged;
    private readonly BlockTable _blocks;
    private readonly WorkBudget _budget;
    private readonly List<Candidate> _candidates; // ascending
    private readonly bool _isFlushTorn;
    private readonly bool[] _isExplained;
    private readonly List<int> _explained = [];
    private int _wrongCount;
    private int _fewestWrong = int.MaxValue;

    public AdversarySearch(JudgeCase judged, VersionMap map, BlockTable blocks, WorkBudget budget)
    {
        _judged = judged;
        _blocks = blocks;
        _budget = budget;
        _candidates = FindCandidates(judged, map, budget);
        _isFlushTorn = _candidates.Exists(c => judged.Versions[c.Version].IsFlushCovered);
        _isExplained = new bool[blocks.Count];
        for (int block = 0; block < blocks.Count; block++)
        {
            _wrongCount += blocks.Shows(block, blocks.BaseOf(block)) ? 0 : 1;
        }
    }

    /// <summary>A pending command with a live block, and its first and last live atom.</summary>
    private readonly record struct Candidate(int Version, long FirstAtom, long LastAtom);

    /// <summary>What of a command can have survived: the longest head ends before <see cref="BadFirst"/>, the longest tail
    /// begins after <see cref="BadLast"/>.</summary>
    private readonly record struct Fit(bool IsWhole, long BadFirst, long BadLast);

    /// <summary>After a failed <see cref="Run"/>: the first block that the nearest border leaves unexplained.</summary>
    public int NearestWrong { get; private set; }

    /// <summary>True when there is such a border, or nothing that is pending.</summary>
    public bool Run()
    {
        Stack<(int Index, int Explained)> choices = new();
        int index = _candidates.Count - 1;
        bool takesTail = false;
        while (_candidates.Count > 0)
        {
            if (index >= 0)
            {
                Candidate candidate = _candidates[index];
                Fit fit = Look(candidate);
                if (!takesTail && IsBorder(candidate, fit))
                {
                    return true;
                }

                int before = _explained.Count;
                bool hasHead = fit.BadFirst > candidate.FirstAtom;
                bool hasTail = fit.BadLast < candidate.LastAtom;
                bool isSingle = candidate.FirstAtom == candidate.LastAtom;
                if (fit.IsWhole || (!isSingle && (takesTail || hasHead || hasTail)))
                {
                    if (!fit.IsWhole && hasHead && hasTail && !takesTail)
                    {
                        choices.Push((index, before));
                    }

                    Explain(candidate, fit, isHead: hasHead && !takesTail);
                    index--;
                    takesTail = false;
                    continue;
                }
            }

            if (!choices.TryPop(out (int Index, int Explained) choice))
            {
                return false;
            }

            Forget(choice.Explained);
            index = choice.Index;
            takesTail = true;
        }

        return true;
    }

    private static List<Candidate> FindCandidates(JudgeCase judged, VersionMap map, WorkBudget budget)
    {
        long[] starts = new long[judged.Versions.Count];
        long[] ends = new long[judged.Versions.Count];
        for (int segment = 0; segment < map.SegmentCount; segment++)
        {
            foreach (int version in map.PendingOf(segment))
            {
                budget.Spend(1);
                starts[version] = ends[version] == 0 ? map.StartOf(segment) : starts[version];
                ends[version] = map.StartOf(segment + 1);
            }
        }

        List<Candidate> found = [];
        for (int v = 0; v < ends.Length; v++)
        {
            if (ends[v] != 0)
            {
                Atoms.AtomLayout atoms = judged.Versions[v].Atoms;
                found.Add(new Candidate(v, atoms.IndexOf(starts[v]), atoms.IndexOf(ends[v] - 1)));
            }
        }

        return found;
    }

    /// <summary>Whether all is explained when everything older than a command is lost.</summary>
    private bool IsBorder(Candidate candidate, Fit fit)
    {
        if (_isFlushTorn && !_judged.Versions[candidate.Version].IsFlushCovered)
        {
            return false;
        }

        int before = _explained.Count;
        foreach (bool isHead in (ReadOnlySpan<bool>)[true, false])
        {
            Explain(candidate, fit, isHead);
            if (_wrongCount == 0)
            {
                return true;
            }

            if (_wrongCount < _fewestWrong)
            {
                _fewestWrong = _wrongCount;
                NearestWrong = FirstWrong();
            }

            Forget(before);
        }

        return false;
    }

    private Fit Look(Candidate candidate)
    {
        Fit fit = new(IsWhole: true, long.MaxValue, long.MinValue);
        foreach (int block in BlocksOf(candidate.Version))
        {
            if (!_isExplained[block] && !_blocks.Shows(block, candidate.Version))
            {
                long atom = _judged.Versions[candidate.Version].Atoms.IndexOf(_blocks.OffsetOf(block));
                fit = new Fit(IsWhole: false, Math.Min(fit.BadFirst, atom), Math.Max(fit.BadLast, atom));
            }
        }

        return fit;
    }

    /// <summary>Explains the blocks of all of a command, or of its longest head or tail.</summary>
    private void Explain(Candidate candidate, Fit fit, bool isHead)
    {
        foreach (int block in BlocksOf(candidate.Version))
        {
            long atom = _judged.Versions[candidate.Version].Atoms.IndexOf(_blocks.OffsetOf(block));
            bool survives = fit.IsWhole || (isHead ? atom < fit.BadFirst : atom > fit.BadLast);
            if (survives && !_isExplained[block])
            {
                _isExplained[block] = true;
                _explained.Add(block);
                _wrongCount -= _blocks.Shows(block, _blocks.BaseOf(block)) ? 0 : 1;
            }
        }
    }

    private void Forget(int count)
    {
        for (int i = count; i < _explained.Count; i++)
        {
            _isExplained[_explained[i]] = false;
            _wrongCount += _blocks.Shows(_explained[i], _blocks.BaseOf(_explained[i])) ? 0 : 1;
        }

        _explained.RemoveRange(count, _explained.Count - count);
    }

    private int FirstWrong()
    {
        int block = 0;
        while (_isExplained[block] || _blocks.Shows(block, _blocks.BaseOf(block)))
        {
            block++;
        }

        return block;
    }

    /// <summary>The blocks of a command in which nothing newer is required.</summary>
    private IEnumerable<int> BlocksOf(int version)
    {
        foreach (Images.Extent live in _judged.Versions[version].Live)
        {
            int end = _blocks.IndexAtOrAfter(live.EndBytes);
            for (int block = _blocks.IndexAtOrAfter(live.OffsetBytes); block < end; block++)
            {
                _budget.Spend(1);
                if (_blocks.BaseOf(block) < version)
                {
                    yield return block;
                }
            }
        }
    }
}
