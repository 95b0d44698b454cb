using System.Runtime.InteropServices;
using BlockEmu.Oracle.Judging;

namespace BlockEmu.Oracle.Outside;

/// <summary>Which atoms lie over each block that is worth looking at, and which of them the block may be showing.</summary>
internal sealed class CoverTable
{
    private readonly BlockTable _blocks;
    private readonly List<Atom> _atoms = [];
    private readonly List<(int SentAt, int AnsweredAt)> _steps = [];
    private readonly List<bool> _isShared = [];
    private readonly int[] _starts;
    private readonly List<int> _covering = [];
    private readonly List<int> _candidates = [];
    private readonly int[] _candidateStarts;

    public CoverTable(OutsideCase judged, BlockTable blocks, WorkBudget budget)
    {
        _blocks = blocks;
        _starts = new int[blocks.Count + 1];
        _candidateStarts = new int[blocks.Count + 1];
        (long Index, int Atom)[] latest = new (long, int)[judged.Judged.Versions.Count];
        Array.Fill(latest, (-1, -1));
        Comparer<int> laterFirst = Comparer<int>.Create(PreferLater);
        int[] steps = new int[judged.Judged.Versions.Count];
        Array.Fill(steps, -1);
        for (int block = 0; block < blocks.Count; block++)
        {
            foreach (int version in blocks.PendingOf(block))
            {
                budget.Spend(2);
                long index = judged.Judged.Versions[version].Atoms.IndexOf(blocks.OffsetOf(block));
                if (latest[version].Index != index)
                {
                    // Blocks ascend, and so do a request's atoms.
                    latest[version] = (index, _atoms.Count);
                    _atoms.Add(new Atom(version, index, block, StepOf(judged, version, steps)));
                }

                int atom = latest[version].Atom;
                _atoms[atom] = _atoms[atom] with { EndBlock = block + 1 };
                _covering.Add(atom);
                if (blocks.Shows(block, version))
                {
                    _candidates.Add(atom);
                }
            }

            _starts[block + 1] = _covering.Count;
            _candidates.Sort(_candidateStarts[block], _candidates.Count - _candidateStarts[block], laterFirst);
            _candidateStarts[block + 1] = _candidates.Count;
        }
    }

    /// <summary>A piece of a request that survives whole or not at all.</summary>
    /// <param name="Version">The request.</param>
    /// <param name="Index">Which of its atoms.</param>
    /// <param name="FirstBlock">Its first block in the table.</param>
    /// <param name="Step">Its place in the order: shared with the request's other atoms where they become visible at once.</param>
    internal readonly record struct Atom(int Version, long Index, int FirstBlock, int Step)
    {
        /// <summary>The block behind its last one in the table.</summary>
        public int EndBlock { get; init; }
    }

    public int BlockCount => _blocks.Count;

    public IReadOnlyList<Atom> Atoms => _atoms;

    /// <summary>When each step was sent and answered.</summary>
    public IReadOnlyList<(int SentAt, int AnsweredAt)> Steps => _steps;

    /// <summary>Every atom that covers a block.</summary>
    public ReadOnlySpan<int> Covering(int block) =>
        CollectionsMarshal.AsSpan(_covering)[_starts[block].._starts[block + 1]];

    /// <summary>Those whose content the block shows: the one that was answered last first, for it demands least of the order.</summary>
    public ReadOnlySpan<int> Candidates(int block) =>
        CollectionsMarshal.AsSpan(_candidates)[_candidateStarts[block].._candidateStarts[block + 1]];

    /// <summary>Whether the block shows the first content.</summary>
    public bool ShowsFirst(int block) => _blocks.Shows(block, VersionMap.FirstContent);

    public long OffsetOf(int block) => _blocks.OffsetOf(block);

    public bool IsOneBlock(int atom) => _atoms[atom].EndBlock - _atoms[atom].FirstBlock == 1;

    /// <summary>Whether nothing follows from the atom's being newest in its block: it covers no other one, and no reply puts
    /// it before anything.</summary>
    public bool IsFree(int atom) =>
        IsOneBlock(atom) && _steps[_atoms[atom].Step].AnsweredAt == ClientOperation.Never && !_isShared[_atoms[atom].Step];

    private int StepOf(OutsideCase judged, int version, int[] steps)
    {
        if (!judged.IsOneStep(version) || steps[version] < 0)
        {
            ClientOperation operation = judged.OperationOf(version);
            steps[version] = _steps.Count;
            _steps.Add((operation.SentAt, operation.AnsweredAt));
            _isShared.Add(false);
        }
        else
        {
            _isShared[steps[version]] = true;
        }

        return steps[version];
    }

    private int PreferLater(int a, int b)
    {
        int byAnswer = _steps[_atoms[b].Step].AnsweredAt.CompareTo(_steps[_atoms[a].Step].AnsweredAt);
        return byAnswer != 0 ? byAnswer : _atoms[b].Version.CompareTo(_atoms[a].Version);
    }
}
