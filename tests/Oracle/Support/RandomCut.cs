using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Outside;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Tests.Support;

/// <summary>A random trace in which every version of every block has its own number (trims are 0), cut with a random S, and
/// the ways to damage what it left that are certainly illegal.</summary>
internal sealed class RandomCut
{
    private const int Block = 512;
    private const int Blocks = 24;
    private readonly DiskTrace _trace;
    private readonly ClientLog _log;
    private readonly List<(long Sequence, int At, int[] Content, bool IsRequired, List<int[]> Kept, List<int[]> Atoms)> _steps = [];
    private readonly int[] _first = [.. Enumerable.Range(0, Blocks).Select(b => b % 3 == 0 ? 0 : 1_000_000 + b)];
    private readonly Dice _dice;

    public RandomCut(Dice dice)
    {
        _dice = dice;
        AtomicityPromise promise = new(
            Block, (1 + dice.Below(8)) * Block, dice.OneIn(3) ? 4 * Block : 0, 0, dice.OneIn(2));
        _trace = new DiskTrace(new TraceGeometry(Blocks * Block, promise));
        _log = new ClientLog(_trace.Geometry);
        int count = 1 + dice.Below(10);
        int flushed = dice.OneIn(3) ? dice.Below(count) : 0;
        for (int i = 1; i <= count; i++)
        {
            AddStep(i, isFlushed: i <= flushed, promise);
            if (i == flushed)
            {
                _trace.FlushAccepted(1);
                _trace.FlushAcknowledged(1);
                _log.Answer(_log.SendFlush(""));
            }
        }

        Platter = [.. _first];
        foreach ((_, int at, int[] content, _, List<int[]> kept, _) in _steps)
        {
            foreach (int block in kept.SelectMany(a => a))
            {
                Platter[block] = content[block - at];
            }
        }
    }

    /// <summary>What S left: the number in each block.</summary>
    public int[] Platter { get; }

    public Verdict Judge(int[] platter) =>
        LegalityOracle.Judge(_trace, new ArrayPlatter(Bytes(_first), Block), new ArrayPlatter(Bytes(platter), Block));

    /// <summary>The same from what clients saw: one after another, those that were not answered in flight to the end.</summary>
    public Verdict JudgeOutside(int[] platter) =>
        OutsideOracle.Judge(_log, new ArrayPlatter(Bytes(_first), Block), new ArrayPlatter(Bytes(platter), Block));

    public IEnumerable<(string Damage, int[] Platter, int Block, long? Sequence)> Damages()
    {
        int any = _dice.Below(Blocks);
        yield return (Touched(any) ? "foreign" : "untouched", With(any, 7_777_777), any, null);
        int start = _dice.Below(Blocks);
        int required = Enumerable.Range(0, Blocks).Select(b => (b + start) % Blocks)
            .FirstOrDefault(b => RequiredOf(b) is { } r && Platter[b] == r.Content[b - r.At] && _first[b] != Platter[b]
                && !Above(b, r.Sequence).Any(v => v == _first[b]), -1);
        if (required >= 0)
        {
            long lost = RequiredOf(required)!.Value.Sequence;
            yield return ("lost required", With(required, _first[required]), required, lost);
            int[] older = [.. _steps.Where(s => s.Sequence < lost && Covers(s, required)).Select(s => s.Content[required - s.At])];
            if (older.Length > 0 && older[0] != Platter[required] && !Above(required, lost).Contains(older[0]))
            {
                yield return ("resurrected", With(required, older[0]), required, lost);
            }
        }

        foreach ((string, int[], int, long?) torn in Torn())
        {
            yield return torn;
        }
    }

    /// <summary>A kept atom of several blocks, all of them showing, loses one to what nobody but an older one wrote.</summary>
    private IEnumerable<(string Damage, int[] Platter, int Block, long? Sequence)> Torn()
    {
        foreach ((long sequence, int at, int[] content, bool isRequired, List<int[]> kept, _) in _steps)
        {
            int[]? atom = kept.Find(a => a.Length > 1 && a.All(b => content[b - at] != 0 && Platter[b] == content[b - at]));
            if (atom is not null && !isRequired && Older(atom[^1], sequence) is { } older)
            {
                yield return ("torn", With(atom[^1], older), atom[^1], sequence);
                yield break;
            }
        }
    }

    /// <summary>What a block would show without a step and all newer ones, if nothing is required there.</summary>
    private int? Older(int block, long sequence) =>
        RequiredOf(block) is null ? _first[block] == 0 && _steps.Exists(s => s.Sequence > sequence && Covers(s, block)) ? null : _first[block] : null;

    private IEnumerable<int> Above(int block, long sequence) =>
        _steps.Where(s => s.Sequence >= sequence && Covers(s, block)).Select(s => s.Content[block - s.At]);

    private (long Sequence, int At, int[] Content)? RequiredOf(int block)
    {
        foreach ((long sequence, int at, int[] content, bool isRequired, _, _) in Enumerable.Reverse(_steps))
        {
            if (isRequired && block >= at && block < at + content.Length)
            {
                return (sequence, at, content);
            }
        }

        return null;
    }

    private bool Touched(int block) => _steps.Exists(s => Covers(s, block));

    private static bool Covers((long, int At, int[] Content, bool, List<int[]>, List<int[]>) step, int block) =>
        block >= step.At && block < step.At + step.Content.Length;

    private int[] With(int block, int value)
    {
        int[] platter = [.. Platter];
        platter[block] = value;
        return platter;
    }

    private void AddStep(int sequence, bool isFlushed, AtomicityPromise promise)
    {
        int at = _dice.Below(Blocks);
        int length = 1 + _dice.Below(Math.Min(10, Blocks - at));
        StepKind kind = _dice.OneIn(6) ? StepKind.Trim : StepKind.Write;
        int[] content = [.. Enumerable.Range(0, length).Select(b => kind == StepKind.Write ? (sequence * 100) + b : 0)];
        bool isFua = _dice.OneIn(6);
        bool isAcknowledged = isFlushed || _dice.OneIn(2);
        bool isRequired = isFlushed || (isFua && isAcknowledged);
        _trace.Step(
            sequence, kind, at * Block, length * Block, isFua, kind == StepKind.Write ? Bytes(content) : default);
        int operation = _log.Send("", kind, at * Block, length * Block, isFua, kind == StepKind.Write ? Bytes(content) : default);
        if (isAcknowledged)
        {
            _trace.Acknowledge(sequence);
            _log.Answer(operation);
        }

        List<int[]> atoms = [];
        foreach (Extent atom in AtomRules.Cut(at * Block, length * Block, promise))
        {
            atoms.Add([.. Enumerable.Range((int)(atom.OffsetBytes / Block), (int)(atom.LengthBytes / Block))]);
        }

        _steps.Add((sequence, at, content, isRequired, atoms.FindAll(_ => isRequired || _dice.OneIn(2)), atoms));
    }

    private static byte[] Bytes(int[] numbers)
    {
        byte[] bytes = new byte[numbers.Length * Block];
        for (int i = 0; i < numbers.Length; i++)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan((i * Block) + 100), numbers[i]);
        }

        return bytes;
    }
}
