using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Tests.Support;

/// <summary>A story on a few blocks, each shown as one letter; a dot is zeroes. Contents differ in their last byte only, so
/// that nothing is told apart by luck.</summary>
internal sealed class Scene
{
    public const int Block = 512;
    private readonly string _first;
    private readonly DiskTrace _trace;

    /// <summary>A disk with this first content; the unit and the boundaries are counted in blocks.</summary>
    public Scene(string first, int awupf = 4, int nabspf = 0, int nabo = 0, bool mam = false, bool cache = true)
    {
        _first = first;
        AtomicityPromise promise = new(Block, awupf * Block, nabspf * Block, nabo * Block, mam);
        _trace = new DiskTrace(new TraceGeometry(first.Length * Block, promise, cache));
    }

    public Scene Write(long sequence, int at, string content, bool fua = false)
    {
        _trace.Step(sequence, StepKind.Write, at * Block, content.Length * Block, fua, Bytes(content));
        return this;
    }

    public Scene Zeroes(long sequence, int at, int count, bool fua = false)
    {
        _trace.Step(sequence, StepKind.WriteZeroes, at * Block, count * Block, fua, default);
        return this;
    }

    public Scene Trim(long sequence, int at, int count, bool fua = false)
    {
        _trace.Step(sequence, StepKind.Trim, at * Block, count * Block, fua, default);
        return this;
    }

    public Scene Ack(params long[] sequences)
    {
        foreach (long sequence in sequences)
        {
            _trace.Acknowledge(sequence);
        }

        return this;
    }

    public Scene Destage(long sequence)
    {
        _trace.Destage(sequence);
        return this;
    }

    public Scene FlushAccepted(long flush)
    {
        _trace.FlushAccepted(flush);
        return this;
    }

    public Scene FlushAcked(long flush)
    {
        _trace.FlushAcknowledged(flush);
        return this;
    }

    public Scene Flush(long flush) => FlushAccepted(flush).FlushAcked(flush);

    public Verdict Judge(string platter, LossClaim loss = LossClaim.Any) => LegalityOracle.Judge(
        _trace, new ArrayPlatter(Bytes(_first), Block), new ArrayPlatter(Bytes(platter), Block),
        new JudgeOptions { Loss = loss });

    /// <summary>Each of these platters is legal.</summary>
    public Scene Allows(params string[] platters)
    {
        foreach (string platter in platters)
        {
            Verdict verdict = Judge(platter);
            Assert.True(verdict.IsLegal, $"{platter}: {verdict}");
        }

        return this;
    }

    /// <summary>This platter is illegal, for this reason, in this block, and these commands are to blame.</summary>
    public Scene Refuses(string platter, ViolationKind kind, int block, params long[] sequences) =>
        Refuses(platter, LossClaim.Any, kind, block, sequences);

    public Scene Refuses(string platter, LossClaim loss, ViolationKind kind, int block, params long[] sequences)
    {
        Verdict verdict = Judge(platter, loss);
        Assert.True(verdict.Kind == VerdictKind.Illegal, $"{platter}: {verdict}");
        Violation? found = verdict.Violations.FirstOrDefault(v => v.Kind == kind && v.OffsetBytes == block * Block);
        string all = string.Join("; ", verdict.Violations.Select(v => $"{v.Kind} {v.Text}"));
        Assert.True(found is not null, $"{platter}: {all}");
        Assert.Equal(sequences, found.Sequences);
        Assert.Contains($"block {block * Block}", found.Text);
        return this;
    }

    public static byte[] Bytes(string letters)
    {
        byte[] bytes = new byte[letters.Length * Block];
        for (int i = 0; i < letters.Length; i++)
        {
            if (letters[i] != '.')
            {
                bytes.AsSpan(i * Block, Block - 1).Fill(1);
                bytes[((i + 1) * Block) - 1] = (byte)letters[i];
            }
        }

        return bytes;
    }
}
