using BlockEmu.Oracle.Images;

namespace BlockEmu.Oracle.Judging;

/// <summary>Looks for a k such that S = the first k pending atoms explains the platter: what an ordered device (fifo) may
/// leave; of one that orders at flushes only (epoch), k ends where a flush was accepted, or at one of the ends. Pending atoms
/// older than the newest required step are in every such S.</summary>
internal sealed class PrefixSearch
{
    private readonly JudgeCase _judged;
    private readonly BlockTable _blocks;
    private readonly WorkBudget _budget;
    private readonly bool _endsAtFlushes;
    private readonly bool[] _isWrong;
    private readonly int[] _due;
    private long _position;
    private long _stopAt;
    private int _nextFlush;
    private int _wrongCount;
    private int _fewestWrong = int.MaxValue;
    private long _nearest;

    public PrefixSearch(JudgeCase judged, BlockTable blocks, WorkBudget budget, bool endsAtFlushes)
    {
        _endsAtFlushes = endsAtFlushes;
        _judged = judged;
        _blocks = blocks;
        _budget = budget;
        _isWrong = new bool[blocks.Count];
        _due = new int[blocks.Count];
    }

    /// <summary>Tries every k in order; true when one fits.</summary>
    public bool Run()
    {
        Replay(long.MaxValue);
        return _fewestWrong == 0;
    }

    /// <summary>With the k that fits best: the blocks it leaves unexplained, and the version that should be there.</summary>
    public IEnumerable<(int Block, int Version)> WrongBlocks()
    {
        Replay(_nearest);
        for (int block = 0; block < _blocks.Count; block++)
        {
            if (_isWrong[block])
            {
                yield return (block, _due[block]);
            }
        }
    }

    private void Replay(long stopAt)
    {
        _stopAt = stopAt;
        _position = 0;
        _nextFlush = 0;
        _wrongCount = 0;
        Array.Clear(_isWrong);
        for (int block = 0; block < _blocks.Count; block++)
        {
            Show(block, _blocks.BaseOf(block));
        }

        int v = 0;
        for (; v < _judged.Versions.Count && _judged.Versions[v].Sequence <= _judged.NewestRequiredSequence; v++)
        {
            if (!_judged.Versions[v].IsRequired)
            {
                Add(v, isPosition: false);
            }
        }

        bool isGoingOn = Note(isBorder: true);
        for (; isGoingOn && v < _judged.Versions.Count; v++)
        {
            isGoingOn = Add(v, isPosition: true);
        }
    }

    /// <summary>Adds a step's atoms one by one; false when the replay has reached its end.</summary>
    private bool Add(int v, bool isPosition)
    {
        Version version = _judged.Versions[v];
        long atom = -1;
        foreach (Extent live in version.Live)
        {
            int end = _blocks.IndexAtOrAfter(live.EndBytes);
            for (int block = _blocks.IndexAtOrAfter(live.OffsetBytes); block < end; block++)
            {
                _budget.Spend(1);
                long next = version.Atoms.IndexOf(_blocks.OffsetOf(block));
                if (isPosition && atom >= 0 && next != atom && !Advance(isBorder: false))
                {
                    return false;
                }

                atom = next;
                if (_blocks.BaseOf(block) < v)
                {
                    Show(block, v);
                }
            }
        }

        return !isPosition || Advance(IsBorderAfter(v));
    }

    /// <summary>Whether a flush was accepted between a step and the next one, or nothing follows.</summary>
    private bool IsBorderAfter(int v)
    {
        if (v == _judged.Versions.Count - 1)
        {
            return true;
        }

        while (_nextFlush < _judged.FlushBorders.Count && _judged.FlushBorders[_nextFlush] < _judged.Versions[v].Sequence)
        {
            _nextFlush++;
        }

        return _nextFlush < _judged.FlushBorders.Count && _judged.FlushBorders[_nextFlush] < _judged.Versions[v + 1].Sequence;
    }

    private bool Advance(bool isBorder)
    {
        _position++;
        return Note(isBorder);
    }

    private bool Note(bool isBorder)
    {
        if (_stopAt == long.MaxValue && (isBorder || !_endsAtFlushes) && _wrongCount < _fewestWrong)
        {
            _fewestWrong = _wrongCount;
            _nearest = _position;
        }

        return _position < _stopAt;
    }

    private void Show(int block, int version)
    {
        bool isWrong = !_blocks.Shows(block, version);
        _wrongCount += (isWrong ? 1 : 0) - (_isWrong[block] ? 1 : 0);
        _isWrong[block] = isWrong;
        _due[block] = version;
    }
}
