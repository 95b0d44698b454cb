using System.Net;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Tests.Nvme;

/// <summary>Hosts that take controllers and say nothing keep nobody out.</summary>
public sealed class NvmeCrowdTests
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Of_controllers_under_invented_names_the_oldest_silent_one_makes_room(bool isDiscovery, bool isOneAddress)
    {
        using NvmeBench bench = new();
        string nqn = isDiscovery ? NvmeNames.Discovery : bench.Nqn;
        int places = isOneAddress ? NvmeLimits.MaxControllersOfAddress : NvmeLimits.MaxControllers;
        RecordedQueue[] crowd = [.. Enumerable.Range(0, places).Select(i => At(isOneAddress ? 1 : i + 1))];
        foreach (RecordedQueue queue in crowd)
        {
            Assert.NotNull(bench.Connect(queue, nqn: nqn, hostNqn: $"nqn.invented:{Guid.NewGuid()}").Queue);
        }

        // None of them has been silent for long enough.
        Assert.Equal(NvmeStatus.ConnectControllerBusy, bench.Connect(At(1), nqn: nqn).Status);
        crowd[7].QuietTime = crowd[3].QuietTime = NvmeLimits.QuietPatience;
        Assert.NotNull(bench.Connect(At(1), nqn: nqn).Queue);
        Assert.Equal([NvmeQueueStop.Reset], crowd[3].Stopped);
        Assert.NotNull(bench.Connect(At(1), nqn: nqn).Queue);
        Assert.Equal([NvmeQueueStop.Reset], crowd[7].Stopped);
        Assert.Equal(NvmeStatus.ConnectControllerBusy, bench.Connect(At(1), nqn: nqn).Status);
        Assert.Equal(2, crowd.Count(q => !q.Stopped.IsEmpty));
    }

    [Fact]
    public void Who_crowds_one_address_takes_nothing_from_another()
    {
        using NvmeBench bench = new();
        RecordedQueue old = At(9);
        old.QuietTime = Long;
        Assert.NotNull(bench.Connect(old, hostNqn: "nqn.good:old").Queue);
        for (int i = 0; i < 2 * NvmeLimits.MaxControllersOfAddress; i++)
        {
            bench.Connect(At(1), hostNqn: $"nqn.invented:{i}");
        }

        Assert.NotNull(bench.Connect(At(2), hostNqn: "nqn.good:new").Queue);
        Assert.Empty(old.Stopped);
    }

    [Fact]
    public void One_name_has_its_share_and_no_more()
    {
        using NvmeBench bench = new();
        for (int i = 0; i < NvmeLimits.MaxControllersOfHost; i++)
        {
            Assert.NotNull(bench.Connect(At(i)).Queue);
        }

        Assert.Equal(NvmeStatus.ConnectControllerBusy, bench.Connect(At(200)).Status);
        Assert.NotNull(bench.Connect(At(200), hostNqn: "nqn.other").Queue);
    }

    [Theory]
    [InlineData(0u, 10)]
    [InlineData(5_000u, 10)]
    [InlineData(30_000u, 30)]
    [InlineData(600_000u, 60)]
    public void One_with_queues_of_IO_goes_last_and_later(uint keepAliveMs, int silentAfterSeconds)
    {
        using NvmeBench bench = new();
        RecordedQueue admin = At(1);
        RecordedQueue io = At(1);
        NvmeController controller = bench.ConnectReady(admin, keepAliveMs: keepAliveMs);
        Assert.NotNull(bench.Connect(io, queueId: 1, controllerId: controller.Id).Queue);
        RecordedQueue[] rest = [.. Enumerable.Range(1, NvmeLimits.MaxControllersOfAddress - 1).Select(_ => At(1))];
        for (int i = 0; i < rest.Length; i++)
        {
            Assert.NotNull(bench.Connect(rest[i], hostNqn: $"nqn.invented:{i}").Queue);
        }

        admin.QuietTime = Long;
        io.QuietTime = TimeSpan.FromSeconds(silentAfterSeconds) - TimeSpan.FromMilliseconds(1);
        Assert.Equal(NvmeStatus.ConnectControllerBusy, bench.Connect(At(1), hostNqn: "nqn.next").Status);
        io.QuietTime = TimeSpan.FromSeconds(silentAfterSeconds);
        rest[5].QuietTime = NvmeLimits.QuietPatience;
        Assert.NotNull(bench.Connect(At(1), hostNqn: "nqn.next").Queue);
        Assert.Empty(io.Stopped);
        Assert.NotNull(bench.Connect(At(1), hostNqn: "nqn.last").Queue);
        Assert.Equal([NvmeQueueStop.Reset], io.Stopped);
    }

    private static RecordedQueue At(int address) => new() { Address = new IPAddress([10, 0, (byte)(address >> 8), (byte)address]) };
}
