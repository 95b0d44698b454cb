using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Tests.Support;

/// <summary>A random trace of a few steps on a few blocks whose contents are one byte repeated, and the contract carried
/// out by brute force: every subset of the pending atoms.</summary>
internal sealed class TinyCase
{
    public const int BlockBytes = 512;
    private readonly List<(char What, long Id)> _events = [];
    private readonly List<TinyStep> _steps = [];

    public required int BlockCount { get; init; }

    public required AtomicityPromise Promise { get; init; }

    public required bool HasCache { get; init; }

    public required int[] First { get; init; }

    public IReadOnlyList<TinyStep> Steps => _steps;

    /// <summary>Symbols 0 (zero) to <paramref name="symbols"/> - 1; few of them, so that contents are often equal.</summary>
    public static TinyCase Draw(Dice dice, int symbols, int maxSteps)
    {
        int blocks = 2 + dice.Below(3);
        bool hasBoundary = dice.OneIn(3);
        int boundary = hasBoundary ? 1 + dice.Below(3) : 0;
        TinyCase drawn = new()
        {
            BlockCount = blocks,
            Promise = new AtomicityPromise(
                BlockBytes, (1 + dice.Below(4)) * BlockBytes, boundary * BlockBytes,
                hasBoundary ? dice.Below(boundary) * BlockBytes : 0, hasBoundary && dice.OneIn(2)),
            HasCache = !dice.OneIn(8),
            First = [.. Enumerable.Range(0, blocks).Select(_ => dice.Below(symbols))],
        };
        drawn.DrawEvents(dice, symbols, 1 + dice.Below(maxSteps));
        return drawn;
    }

    private void DrawEvents(Dice dice, int symbols, int stepCount)
    {
        List<long> unacknowledged = [];
        List<long> openFlushes = [];
        long sequence = dice.Below(3);
        long flush = 0;
        while (_steps.Count < stepCount || dice.Below(3) != 0)
        {
            switch (dice.Below(_steps.Count < stepCount ? 6 : 5) + 1)
            {
                case 1 when unacknowledged.Count > 0:
                    int which = dice.Below(unacknowledged.Count);
                    _events.Add(('a', unacknowledged[which]));
                    unacknowledged.RemoveAt(which);
                    break;
                case 2 when dice.OneIn(2):
                    openFlushes.Add(++flush);
                    _events.Add(('f', flush));
                    break;
                case 3 when openFlushes.Count > 0:
                    int open = dice.Below(openFlushes.Count);
                    _events.Add(('F', openFlushes[open]));
                    openFlushes.RemoveAt(open);
                    break;
                case 4 when _steps.Count > 0 && dice.OneIn(3):
                    _events.Add(('d', _steps[dice.Below(_steps.Count)].Sequence));
                    break;
                case 6:
                    sequence += 1 + dice.Below(2);
                    int at = dice.Below(BlockCount);
                    int count = 1 + dice.Below(BlockCount - at);
                    StepKind kind = dice.OneIn(4) ? StepKind.Trim : dice.OneIn(6) ? StepKind.WriteZeroes : StepKind.Write;
                    int[] content = [.. Enumerable.Range(0, count).Select(_ => kind == StepKind.Write ? dice.Below(symbols) : 0)];
                    _steps.Add(new TinyStep(sequence, kind, at, content, dice.OneIn(5)));
                    _events.Add(('s', sequence));
                    unacknowledged.Add(sequence);
                    break;
            }
        }
    }

    public DiskTrace ToTrace()
    {
        DiskTrace trace = new(new TraceGeometry((long)BlockCount * BlockBytes, Promise, HasCache));
        foreach ((char what, long id) in _events)
        {
            switch (what)
            {
                case 's':
                    TinyStep step = _steps.Single(s => s.Sequence == id);
                    byte[] payload = step.Kind == StepKind.Write ? Bytes(step.Content) : [];
                    trace.Step(
                        id, step.Kind, (long)step.At * BlockBytes, (long)step.Content.Length * BlockBytes, step.IsFua, payload);
                    break;
                case 'a': trace.Acknowledge(id); break;
                case 'd': trace.Destage(id); break;
                case 'f': trace.FlushAccepted(id); break;
                case 'F': trace.FlushAcknowledged(id); break;
            }
        }

        trace.Cut();
        return trace;
    }

    public static byte[] Bytes(IReadOnlyList<int> symbols)
    {
        byte[] bytes = new byte[symbols.Count * BlockBytes];
        for (int i = 0; i < symbols.Count; i++)
        {
            bytes.AsSpan(i * BlockBytes, BlockBytes).Fill((byte)symbols[i]);
        }

        return bytes;
    }

    public bool IsAcknowledged(TinyStep step) => _events.Contains(('a', step.Sequence));

    /// <summary>From the definition, reading the whole log for each question.</summary>
    public bool IsRequired(TinyStep step)
    {
        if (_events.Contains(('d', step.Sequence)))
        {
            return true;
        }

        int acknowledged = _events.IndexOf(('a', step.Sequence));
        if (acknowledged < 0)
        {
            return false;
        }

        return step.IsFua || !HasCache || _events.Any(e =>
            e.What == 'F' && _events.IndexOf(('f', e.Id)) > acknowledged);
    }

    /// <summary>Every pending atom, in (sequence, index) order, as (step, blocks).</summary>
    public List<(TinyStep Step, int[] Blocks)> PendingAtoms()
    {
        List<(TinyStep, int[])> atoms = [];
        foreach (TinyStep step in _steps.Where(s => !IsRequired(s)))
        {
            foreach (Images.Extent atom in AtomRules.Cut(
                (long)step.At * BlockBytes, (long)step.Content.Length * BlockBytes, Promise))
            {
                int first = (int)(atom.OffsetBytes / BlockBytes);
                atoms.Add((step, [.. Enumerable.Range(first, (int)(atom.LengthBytes / BlockBytes))]));
            }
        }

        return atoms;
    }

    /// <summary>Every platter that some allowed S leaves, each as its symbols in base 10.</summary>
    public HashSet<long> LegalPlatters(LossClaim claim)
    {
        List<(TinyStep Step, int[] Blocks)> atoms = PendingAtoms();
        long newestRequired = _steps.Where(IsRequired).Select(s => s.Sequence).DefaultIfEmpty(0).Max();
        HashSet<long> legal = [];
        for (int subset = 0; subset < 1 << atoms.Count; subset++)
        {
            if (Allows(claim, atoms, subset, newestRequired))
            {
                legal.Add(Number(Effect(atoms, subset)));
            }
        }

        return legal;
    }

    private bool Allows(LossClaim claim, List<(TinyStep Step, int[] Blocks)> atoms, int subset, long newestRequired)
    {
        bool In(int i) => (subset >> i & 1) != 0;
        int[] all = [.. Enumerable.Range(0, atoms.Count)];
        return claim switch
        {
            LossClaim.LoseAll => subset == 0,
            LossClaim.KeepAll => Array.TrueForAll(all, i => In(i) || !IsAcknowledged(atoms[i].Step)),
            LossClaim.Epoch => Array.Exists(
                Borders(newestRequired), b => Array.TrueForAll(all, i => In(i) == (atoms[i].Step.Sequence <= b))),
            LossClaim.Adversary => AllowsAdversary(atoms, all, In),
            LossClaim.Fifo => Array.TrueForAll(all, i => In(i) || atoms[i].Step.Sequence > newestRequired)
                && Array.TrueForAll(all, i => !In(i) || i == 0 || In(i - 1)),
            _ => true,
        };
    }

    /// <summary>The newest step at each flush, and the two ends.</summary>
    private long[] Borders(long newestRequired)
    {
        List<long> borders = [newestRequired, long.MaxValue];
        foreach ((char what, long id) in _events.Where(e => e.What == 'f'))
        {
            int at = _events.IndexOf((what, id));
            borders.Add(Math.Max(newestRequired, _events.Take(at).Where(e => e.What == 's').Select(e => e.Id).LastOrDefault()));
        }

        return [.. borders];
    }

    /// <summary>Each command's live atoms as a word, such as 110: a head of two survived.</summary>
    private bool AllowsAdversary(List<(TinyStep Step, int[] Blocks)> atoms, int[] all, Func<int, bool> isIn)
    {
        bool IsLive((TinyStep Step, int[] Blocks) atom) => Array.Exists(atom.Blocks, b =>
            !_steps.Exists(s => s.Sequence > atom.Step.Sequence && IsRequired(s) && b >= s.At && b < s.At + s.Content.Length));
        (TinyStep Step, string Fate)[] commands = [.. all.Where(i => IsLive(atoms[i])).GroupBy(i => atoms[i].Step)
            .Select(g => (g.Key, string.Concat(g.Select(i => isIn(i) ? '1' : '0')))).OrderBy(c => c.Key.Sequence)];
        int lastFlush = _events.FindLastIndex(e => e.What == 'f');
        bool IsCovered(TinyStep s) => IsAcknowledged(s) && _events.IndexOf(('a', s.Sequence)) < lastFlush;
        bool tearsFlush = Array.Exists(commands, c => IsCovered(c.Step));
        bool IsHeadOrTail(string fate) => !fate.Contains("01") || !fate.Contains("10");
        return commands.Length == 0 || Enumerable.Range(0, commands.Length).Any(border =>
            (!tearsFlush || IsCovered(commands[border].Step))
            && Array.TrueForAll(commands[..border], c => !c.Fate.Contains('1'))
            && IsHeadOrTail(commands[border].Fate)
            && Array.TrueForAll(commands[(border + 1)..], c => IsHeadOrTail(c.Fate) && c.Fate.Contains('1')));
    }

    /// <summary>Required steps and the subset's atoms, in sequence order, on the first content.</summary>
    private int[] Effect(List<(TinyStep Step, int[] Blocks)> atoms, int subset)
    {
        int[] platter = [.. First];
        foreach (TinyStep step in _steps)
        {
            IEnumerable<int> blocks = IsRequired(step)
                ? Enumerable.Range(step.At, step.Content.Length)
                : atoms.Where((a, i) => a.Step == step && (subset >> i & 1) != 0).SelectMany(a => a.Blocks);
            foreach (int block in blocks)
            {
                platter[block] = step.Content[block - step.At];
            }
        }

        return platter;
    }

    public static long Number(IEnumerable<int> symbols) => symbols.Aggregate(0L, (n, s) => (n * 10) + s);

    public override string ToString() =>
        $"{Promise} cache={HasCache} first={string.Join("", First)} steps=[{string.Join(" ", _steps)}] "
        + $"events={string.Join(" ", _events.Select(e => $"{e.What}{e.Id}"))}";
}
