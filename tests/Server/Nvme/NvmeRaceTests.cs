using BlockEmu.Device;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Tests.Nvme;

/// <summary>Hosts that connect in the very moment when the power goes.</summary>
public sealed class NvmeRaceTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_controller_that_is_born_while_the_power_goes_is_dropped(bool isBackAtOnce)
    {
        MomentTime time = new();
        using NvmeBench bench = new(time: time);
        RecordedQueue sink = new();
        time.OnTimer = () =>
        {
            // The controller is being made: it was admitted, and no cut can find it yet.
            Disk disk = bench.Served.Disk;
            disk.Cut();
            if (isBackAtOnce)
            {
                disk.PowerOn();
            }
        };
        NvmeConnectAnswer answer = bench.Connect(sink);
        Assert.NotNull(answer.Queue);
        Assert.Equal([NvmeQueueStop.Reset], sink.Stopped);
        Assert.Equal(0, bench.Target.Find(bench.Served)!.ControllerCount);
    }

    /// <summary>Does something when the next timer is made.</summary>
    private sealed class MomentTime : TimeProvider
    {
        public Action? OnTimer { get; set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Action? moment = OnTimer;
            OnTimer = null;
            moment?.Invoke();
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
