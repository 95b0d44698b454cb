using BlockEmu.Oracle.Images;

namespace BlockEmu.Oracle.Judging;

/// <summary>Finds the greatest set S of pending atoms that explains the platter, or the blocks that no S explains.</summary>
/// <remarks>
/// Why no backtracking is needed, whatever contents are equal: in each block the newest survivor must match. If S and T both
/// explain the platter, so does their union, for in each block the union's newest is the newest of one of them. So there is a
/// greatest S, and it is what remains when, starting from all atoms, whatever is newest somewhere and does not match is
/// thrown out, until nothing is left to throw out. A block in which nothing pending remains must show its base.
/// </remarks>
internal sealed class SurvivorSearch
{
    private readonly IReadOnlyList<Version> _versions;
    private readonly int _blockSizeBytes;
    private readonly BlockTable _blocks;
    private readonly WorkBudget _budget;
    private readonly Func<int, long, AtomFate>? _fate;
    private readonly int[] _cursors;
    private readonly Dictionary<(int Version, long Atom), int> _lostBecause = [];
    private readonly Stack<int> _toSettle = [];

    public SurvivorSearch(
        JudgeCase judged, BlockTable blocks, WorkBudget budget, Func<int, long, AtomFate>? fate = null)
    {
        _versions = judged.Versions;
        _blockSizeBytes = judged.BlockSizeBytes;
        _blocks = blocks;
        _budget = budget;
        _fate = fate;
        _cursors = new int[blocks.Count];
    }

    /// <summary>The blocks that no S explains, ascending.</summary>
    public List<int> Run()
    {
        for (int block = 0; block < _blocks.Count; block++)
        {
            Settle(block);
            while (_toSettle.TryPop(out int again))
            {
                Settle(again);
            }
        }

        List<int> failed = [];
        for (int block = 0; block < _blocks.Count; block++)
        {
            if (_cursors[block] == _blocks.PendingOf(block).Length && !_blocks.Shows(block, _blocks.BaseOf(block)))
            {
                failed.Add(block);
            }
        }

        return failed;
    }

    /// <summary>Why an atom that covers a block cannot be in S: the block that does not show it (perhaps this one). Only without
    /// demands.</summary>
    public int LostBecause(int version, int block) =>
        _lostBecause.GetValueOrDefault((version, _versions[version].Atoms.IndexOf(_blocks.OffsetOf(block))), block);

    /// <summary>After <see cref="Run"/>: the demands to keep that no S meets, as (block, version).</summary>
    public IEnumerable<(int Block, int Version)> UnmetDemands()
    {
        for (int block = 0; block < _blocks.Count && _fate is not null; block++)
        {
            for (int i = 0; i < _cursors[block]; i++)
            {
                int version = _blocks.PendingOf(block)[i];
                if (_fate(version, _versions[version].Atoms.IndexOf(_blocks.OffsetOf(block))) == AtomFate.Kept)
                {
                    yield return (block, version);
                }
            }
        }
    }

    /// <summary>Throws out what is newest in a block and does not match, until something matches or the base is reached.</summary>
    private void Settle(int block)
    {
        ReadOnlySpan<int> pending = _blocks.PendingOf(block);
        for (; _cursors[block] < pending.Length; _cursors[block]++)
        {
            _budget.Spend(1);
            int version = pending[_cursors[block]];
            long atom = _versions[version].Atoms.IndexOf(_blocks.OffsetOf(block));
            Extent range = _versions[version].Atoms.RangeOf(atom);
            bool isShared = range.LengthBytes > _blockSizeBytes;
            if (isShared && _lostBecause.ContainsKey((version, atom)))
            {
                continue;
            }

            bool isDemandedLost = _fate?.Invoke(version, atom) == AtomFate.Lost;
            if (!isDemandedLost && _blocks.Shows(block, version))
            {
                return;
            }

            if (isShared)
            {
                _lostBecause.Add((version, atom), block);
                SettleOthers(range, block, version);
            }
        }
    }

    /// <summary>The atom's other blocks that had rested on it must find something older.</summary>
    private void SettleOthers(Extent range, int block, int version)
    {
        int end = _blocks.IndexAtOrAfter(range.EndBytes);
        for (int other = _blocks.IndexAtOrAfter(range.OffsetBytes); other < end; other++)
        {
            _budget.Spend(1);
            ReadOnlySpan<int> pending = _blocks.PendingOf(other);
            if (other != block && _cursors[other] < pending.Length && pending[_cursors[other]] == version)
            {
                _toSettle.Push(other);
            }
        }
    }
}
