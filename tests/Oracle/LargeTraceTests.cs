using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Tests.Support;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Tests;

/// <summary>Many steps, huge trims, many versions: bounded by work units, not by clocks.</summary>
public sealed class LargeTraceTests
{
    private const int Block = 512;

    private static AtomicityPromise Promise(bool mam = false) => new(Block, 8 * Block, mam ? 8 * Block : 0, 0, mam);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_trim_of_a_thousand_tebibytes_costs_what_is_populated(bool mam)
    {
        const long Size = 1L << 50;
        DiskTrace trace = new(new TraceGeometry(Size, Promise(mam)));
        trace.Step(1, StepKind.Write, 1L << 40, Block, false, Letter(1));
        trace.Acknowledge(1);
        trace.Step(2, StepKind.Trim, 0, Size, false, default);
        trace.Acknowledge(2);
        trace.Step(3, StepKind.WriteZeroes, 0, Size, false, default);
        ExtentImage first = new();
        first.Append(1L << 30, Letter(7));
        first.Append(1L << 49, Letter(8));
        JudgeOptions options = new() { Budget = 1000 };
        Assert.True(LegalityOracle.Judge(trace, first, first, options).IsLegal, "all lost");
        Assert.True(LegalityOracle.Judge(trace, first, ZeroPlatter.Instance, options).IsLegal, "all kept");
        ExtentImage some = new();
        some.Append(1L << 49, Letter(8));
        Assert.True(LegalityOracle.Judge(trace, first, some, options).IsLegal, "some kept");
        some.Append((1L << 49) + (1 << 20), Letter(9));
        Verdict foreign = LegalityOracle.Judge(trace, first, some, options);
        Assert.Equal((1L << 49) + (1 << 20), Assert.Single(foreign.Violations).OffsetBytes);
        Assert.Equal([3L, 2L], foreign.Violations[0].Sequences);
    }

    [Fact]
    public void A_flushed_trim_of_everything_leaves_nothing()
    {
        const long Size = 1L << 50;
        DiskTrace trace = new(new TraceGeometry(Size, Promise()));
        trace.Step(1, StepKind.Trim, 0, Size, false, default);
        trace.Acknowledge(1);
        trace.FlushAccepted(1);
        trace.FlushAcknowledged(1);
        ExtentImage first = new();
        first.Append(1L << 49, Letter(8));
        Assert.True(LegalityOracle.Judge(trace, first, ZeroPlatter.Instance).IsLegal);
        Violation kept = Assert.Single(LegalityOracle.Judge(trace, first, first).Violations);
        Assert.Equal((ViolationKind.RequiredLost, 1L << 49), (kept.Kind, kept.OffsetBytes));
    }

    [Fact]
    public void In_MAM_a_piece_of_a_huge_trim_is_never_torn()
    {
        const long Size = 1L << 50;
        DiskTrace trace = new(new TraceGeometry(Size, Promise(mam: true)));
        trace.Step(1, StepKind.Trim, 0, Size, false, default);
        ExtentImage first = new();
        first.Append(1L << 49, Letters(8, 8));
        ExtentImage torn = new();
        torn.Append(1L << 49, Letters(8, 3));
        Assert.True(LegalityOracle.Judge(trace, first, first).IsLegal);
        Violation violation = LegalityOracle.Judge(trace, first, torn).Violations[0];
        Assert.Equal(ViolationKind.TornAtom, violation.Kind);
        Assert.Equal([1L], violation.Sequences);
    }

    [Fact]
    public void A_hundred_thousand_steps_are_judged_in_near_linear_work()
    {
        const int Blocks = 1 << 16;
        const int Steps = 100_000;
        Dice dice = new(99);
        DiskTrace trace = new(new TraceGeometry((long)Blocks * Block, Promise()));
        byte[] platter = new byte[Blocks * Block];
        long work = 0;
        for (int i = 1; i <= Steps; i++)
        {
            int count = 1 + dice.Below(8);
            int at = dice.Below(Blocks - count);
            byte[] payload = new byte[count * Block];
            for (int b = 0; b < count; b++)
            {
                BitConverter.TryWriteBytes(payload.AsSpan(b * Block), (i * 16L) + b);
            }

            work += count;
            trace.Step(i, StepKind.Write, (long)at * Block, payload.Length, false, payload);
            trace.Acknowledge(i);
            if (!dice.OneIn(2) || i % 1000 == 0)
            {
                payload.CopyTo(platter.AsSpan(at * Block));
                if (i % 1000 == 0)
                {
                    trace.Destage(i);
                }
            }
        }

        JudgeOptions options = new() { Budget = work * 20 };
        ArrayPlatter shown = new(platter, Block);
        Verdict verdict = LegalityOracle.Judge(trace, ZeroPlatter.Instance, shown, options);
        Assert.True(verdict.IsLegal, verdict.Message);
        platter[Block / 2] ^= 1;
        Assert.Equal(VerdictKind.Illegal, LegalityOracle.Judge(trace, ZeroPlatter.Instance, shown, options).Kind);
    }

    [Fact]
    public void A_budget_that_runs_out_is_undecided_and_not_legal()
    {
        DiskTrace trace = new(new TraceGeometry(64 * Block, Promise()));
        trace.Step(1, StepKind.Write, 0, 8 * Block, false, Letters(1, 8));
        Verdict verdict = LegalityOracle.Judge(
            trace, ZeroPlatter.Instance, ZeroPlatter.Instance, new JudgeOptions { Budget = 3 });
        Assert.Equal(VerdictKind.Undecided, verdict.Kind);
        Assert.False(verdict.IsLegal);
    }

    [Fact]
    public void Violations_are_counted_in_full_and_told_up_to_the_bound()
    {
        DiskTrace trace = new(new TraceGeometry(64 * Block, Promise()));
        trace.Step(1, StepKind.Write, 0, 32 * Block, true, Letters(1, 32));
        trace.Acknowledge(1);
        Verdict verdict = LegalityOracle.Judge(
            trace, ZeroPlatter.Instance, ZeroPlatter.Instance, new JudgeOptions { MaxViolations = 5 });
        Assert.Equal(32, verdict.ViolationCount);
        Assert.Equal(5, verdict.Violations.Count);
        Assert.Contains("and 31 more", verdict.Message);
    }

    private static byte[] Letter(byte letter) => Letters(letter, 1);

    private static byte[] Letters(byte letter, int blocks)
    {
        byte[] bytes = new byte[blocks * Block];
        bytes.AsSpan().Fill(letter);
        return bytes;
    }
}
