using BlockEmu.Protocol.Nbd;
using static BlockEmu.Protocol.Tests.Nbd.NegotiationBench;

namespace BlockEmu.Protocol.Tests.Nbd;

/// <summary>Options that arrive while the server shuts down.</summary>
public sealed class NbdShutdownNegotiationTests
{
    [Fact]
    public void O9_every_option_but_ABORT_gets_ERR_SHUTDOWN()
    {
        NegotiationBench bench = new NegotiationBench().Say(Flags(BothFlags), Info("disk0"));
        int before = bench.Replies().Count;
        bench.IsShuttingDown = true;
        bench.Say(
            Info("disk0"), Go("disk0"), Option(NbdOption.List), Option(NbdOption.StructuredReply), Option(NbdOption.StartTls),
            SetContexts("disk0", "base:allocation"), Option(4711), Option(NbdOption.Abort));
        Assert.Equal(
            [
                "6:ErrorShutdown", "7:ErrorShutdown", "3:ErrorShutdown", "8:ErrorShutdown", "5:ErrorShutdown",
                "10:ErrorShutdown", "4711:ErrorShutdown", "2:Ack",
            ],
            bench.Replies().Skip(before));
        Assert.Equal(NbdNegotiationOutcome.Aborted, bench.Outcome);
        Assert.Null(bench.Terms);
    }

    [Fact]
    public void O9_EXPORT_NAME_which_knows_no_error_ends_the_session()
    {
        NegotiationBench bench = new NegotiationBench().Say(Flags(BothFlags));
        bench.IsShuttingDown = true;
        bench.Say(Option(NbdOption.ExportName, "disk0"u8));
        Assert.Equal((NbdNegotiationOutcome.Dropped, NbdDropReason.ShuttingDown), (bench.Outcome, bench.DropReason));
        Assert.Empty(bench.Output);
        Assert.Null(bench.Terms);
    }
}
