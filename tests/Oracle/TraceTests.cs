using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Tests;

/// <summary>An event log that cannot be is the recorder's fault, and is told as such.</summary>
public sealed class TraceTests
{
    private static DiskTrace NewTrace() => new(new TraceGeometry(8192, new AtomicityPromise(512, 4096)));

    public static TheoryData<string, Action<DiskTrace>> Faults => new()
    {
        { "no step 9", t => t.Acknowledge(9) },
        { "no step 9", t => t.Destage(9) },
        { "acknowledged twice", t => Repeat(() => t.Acknowledge(1)) },
        { "not in progress", t => t.FlushAcknowledged(1) },
        { "accepted twice", t => Repeat(() => t.FlushAccepted(1)) },
        { "not above", t => t.Step(1, StepKind.Trim, 0, 512, false, default) },
        { "block-aligned", t => t.Step(2, StepKind.Trim, 100, 512, false, default) },
        { "block-aligned", t => t.Step(2, StepKind.Trim, 0, 0, false, default) },
        { "inside the disk", t => t.Step(2, StepKind.Trim, 512, 8192, false, default) },
        { "inside the disk", t => t.Step(2, StepKind.Trim, long.MaxValue - 511, 512, false, default) },
        { "payload", t => t.Step(2, StepKind.Write, 0, 512, false, default) },
        { "payload", t => t.Step(2, StepKind.Trim, 0, 512, false, new byte[512]) },
        { "after the cut", t => After(t, () => t.Acknowledge(1)) },
        { "after the cut", t => After(t, () => t.Step(2, StepKind.Trim, 0, 512, false, default)) },
        { "after the cut", t => After(t, () => t.FlushAccepted(1)) },
        { "after the cut", t => After(t, () => t.Mark("safe")) },
        { "second cut", t => After(t, t.Cut) },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void An_event_that_cannot_be_is_refused(string says, Action<DiskTrace> play)
    {
        DiskTrace trace = NewTrace();
        trace.Step(1, StepKind.Write, 0, 512, false, new byte[512]);
        Assert.Contains(says, Assert.Throws<ArgumentException>(() => play(trace)).Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-512)]
    [InlineData(700)]
    public void A_size_that_is_no_multiple_of_the_block_is_refused(long size) =>
        Assert.Throws<ArgumentException>(() => new DiskTrace(new TraceGeometry(size, new AtomicityPromise(512, 512))));

    private static void Repeat(Action act)
    {
        act();
        act();
    }

    private static void After(DiskTrace trace, Action act)
    {
        trace.Cut();
        act();
    }
}
