using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Outside;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Tests.Support;

/// <summary>What clients saw of a few blocks, each shown as one letter as in <see cref="Scene"/>. Requests are numbered from 1
/// in the order of their sending.</summary>
internal sealed class OutsideScene
{
    private const int Block = Scene.Block;
    private readonly string _first;
    private readonly ClientLog _log;

    public OutsideScene(string first, int awupf = 4, bool cache = true, int awun = 0)
    {
        _first = first;
        _log = new ClientLog(
            new TraceGeometry(first.Length * Block, new AtomicityPromise(Block, awupf * Block), cache), awun * Block);
    }

    /// <param name="at">First block.</param>
    /// <param name="content">A letter for each block.</param>
    /// <param name="fua">Whether it asks for FUA.</param>
    /// <param name="client">Who sends it.</param>
    /// <param name="awupf">In blocks, where it is not the scene's.</param>
    public OutsideScene Send(int at, string content, bool fua = false, string client = "", int? awupf = null)
    {
        AtomicityPromise? promise = awupf is { } blocks ? new AtomicityPromise(Block, (long)blocks * Block) : null;
        _log.Send(client, StepKind.Write, at * Block, content.Length * Block, fua, Scene.Bytes(content), promise);
        return this;
    }

    /// <summary>Any range of bytes, all of them the letter's filler.</summary>
    public OutsideScene SendBytes(int offset, byte[] payload)
    {
        _log.Send("", StepKind.Write, offset, payload.Length, isFua: false, payload);
        return this;
    }

    public OutsideScene Trim(int at, int count, bool fua = false)
    {
        _log.Send("", StepKind.Trim, at * Block, count * Block, fua);
        return this;
    }

    public OutsideScene SendFlush()
    {
        _log.SendFlush("");
        return this;
    }

    public OutsideScene Answer(params int[] operations)
    {
        Array.ForEach(operations, o => _log.Answer(o));
        return this;
    }

    public OutsideScene Fail(int operation)
    {
        _log.Answer(operation, isGood: false);
        return this;
    }

    public OutsideScene Cut()
    {
        _log.Cut();
        return this;
    }

    public Verdict Judge(string image, long budget = 1_000_000) => Judge(Scene.Bytes(image), budget);

    public Verdict Judge(byte[] image, long budget = 1_000_000) => OutsideOracle.Judge(
        _log, new ArrayPlatter(Scene.Bytes(_first), Block), new ArrayPlatter(image, Block), new JudgeOptions { Budget = budget });

    public OutsideScene Allows(params string[] images)
    {
        Assert.All(images, image => Assert.Equal((image, VerdictKind.Legal), (image, Judge(image).Kind)));
        return this;
    }

    /// <summary>Illegal for this reason in this block, with these requests to blame.</summary>
    public OutsideScene Refuses(string image, ViolationKind kind, int block, params long[] numbers)
    {
        Verdict verdict = Judge(image);
        string all = string.Join("; ", verdict.Violations.Select(v => $"{v.Kind} {v.OffsetBytes} {v.Text}"));
        Violation? found = verdict.Violations.FirstOrDefault(v => v.Kind == kind && v.OffsetBytes == block * Block);
        Assert.True(verdict.Kind == VerdictKind.Illegal && found is not null, $"{image}: {verdict}; {all}");
        Assert.Equal(numbers, found.Sequences);
        Assert.Contains($"block {block * Block}", found.Text);
        Assert.All(numbers, n => Assert.Matches($@"(write|trim|zeroes) {n}\b", found.Text));
        return this;
    }
}
