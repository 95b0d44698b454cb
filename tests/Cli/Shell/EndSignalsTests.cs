using BlockEmu.Shell;

namespace BlockEmu.Cli.Tests.Shell;

public sealed class EndSignalsTests
{
    private readonly StoppedClock _clock = new();
    private readonly List<string> _said = [];

    [Fact]
    public void The_first_asks_for_an_orderly_end_and_those_right_behind_it_are_said_and_change_nothing()
    {
        using EndSignals signals = new(_clock, _said.Add);
        Assert.False(signals.Asked.IsCompleted);
        Assert.True(signals.Take("SIGTERM", isTyped: false));
        Assert.True(signals.Asked.IsCompleted);
        _clock.Now += EndSignals.Patience - TimeSpan.FromTicks(1);
        Assert.True(signals.Take("SIGHUP", isTyped: false));
        Assert.StartsWith("SIGHUP: it ends already", Assert.Single(_said), StringComparison.Ordinal);
    }

    [Fact]
    public void A_later_one_ends_the_process()
    {
        using EndSignals signals = new(_clock, _said.Add);
        Assert.True(signals.Take("SIGTERM", isTyped: false));
        _clock.Now += EndSignals.Patience;
        Assert.False(signals.Take("SIGTERM", isTyped: false));
    }

    [Fact]
    public void Ctrl_C_twice_ends_the_process()
    {
        using EndSignals signals = new(_clock, _said.Add);
        Assert.True(signals.Take("SIGINT", isTyped: true));
        Assert.False(signals.Take("SIGINT", isTyped: true));
    }

    private sealed class StoppedClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
