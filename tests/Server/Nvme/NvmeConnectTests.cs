using System.Net;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Tests.Nvme;

public sealed class NvmeConnectTests
{
    [Fact]
    public void A_host_gets_a_controller_of_its_own_and_then_queues()
    {
        using NvmeBench bench = new();
        NvmeConnectAnswer first = bench.Connect();
        NvmeConnectAnswer second = bench.Connect();
        Assert.Equal(NvmeStatus.Success, first.Status);
        Assert.Equal(1u, first.Result);
        Assert.Equal(2u, second.Result);
        NvmeController controller = first.Queue!.Controller;
        NvmeBench.Set(controller, NvmeConfiguration.Enabled);
        NvmeConnectAnswer io = bench.Connect(queueId: 3, controllerId: 1, entries: 128);
        Assert.Equal(NvmeStatus.Success, io.Status);
        Assert.Same(controller, io.Queue!.Controller);
        Assert.Equal((3, 128, false, NvmeCompletion.NoSqHead), (io.Queue.Id, io.Queue.Entries, io.Queue.IsAdmin, io.Queue.SqHead));
    }

    public static TheoryData<string, NvmeStatus, uint> Refusals => new()
    {
        { "format", NvmeStatus.ConnectFormatUnknown.Final, 0 },
        { "short", NvmeStatus.SglLengthInvalid.Final, 0 },
        { "one-entry", NvmeStatus.ConnectInvalidParameter.Final, 44 },
        { "many-entries", NvmeStatus.ConnectInvalidParameter.Final, 44 },
        { "no-host", NvmeStatus.ConnectInvalidParameter.Final, 0x10000 + 512 },
        { "unknown-subsystem", NvmeStatus.ConnectInvalidParameter.Final, 0x10000 + 256 },
        { "static-controller", NvmeStatus.ConnectInvalidParameter.Final, 0x10000 + 16 },
        { "io-unknown-controller", NvmeStatus.ConnectInvalidParameter.Final, 0x10000 + 16 },
        { "io-other-host", NvmeStatus.ConnectInvalidParameter.Final, 0x10000 },
        { "io-other-host-name", NvmeStatus.ConnectInvalidParameter.Final, 0x10000 + 512 },
        { "io-large-id", NvmeStatus.ConnectInvalidParameter.Final, 42 },
        { "io-twice", NvmeStatus.CommandSequenceError.Final, 0 },
        { "io-of-discovery", NvmeStatus.ConnectInvalidParameter.Final, 42 },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_connect_that_does_not_hold_is_refused_with_its_place(string what, NvmeStatus status, uint result)
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        Assert.NotNull(bench.Connect(queueId: 1, controllerId: controller.Id).Queue);
        NvmeConnectAnswer answer = what switch
        {
            "format" => bench.Connect(format: 1),
            "short" => bench.Target.Connect(
                new NvmeConnect(0, 0, 32, false, 0).ToCommand(1), new byte[1023], new IPEndPoint(IPAddress.Loopback, 1), new RecordedQueue()),
            "one-entry" => bench.Connect(entries: 1),
            "many-entries" => bench.Connect(entries: 129),
            "no-host" => bench.Connect(hostNqn: null),
            "unknown-subsystem" => bench.Connect(nqn: NvmeIdentity.NqnPrefix + "disk1"),
            "static-controller" => bench.Connect(controllerId: 1),
            "io-unknown-controller" => bench.Connect(queueId: 2, controllerId: 99),
            "io-other-host" => bench.Connect(queueId: 2, controllerId: controller.Id, hostId: 1),
            "io-other-host-name" => bench.Connect(queueId: 2, controllerId: controller.Id, hostNqn: "nqn.x"),
            "io-large-id" => bench.Connect(queueId: NvmeLimits.MaxIoQueues + 1, controllerId: controller.Id),
            "io-twice" => bench.Connect(queueId: 1, controllerId: controller.Id),
            _ => bench.Connect(queueId: 1, nqn: NvmeNames.Discovery),
        };
        Assert.Equal((null, status, result, null), (answer.Queue, answer.Status, answer.Result, answer.Silence));
    }

    [Fact]
    public void An_io_queue_needs_a_controller_that_is_ready()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.Connect().Queue!.Controller;
        Assert.Equal(NvmeStatus.CommandSequenceError.Final, bench.Connect(queueId: 1, controllerId: controller.Id).Status);
        NvmeBench.Set(controller, NvmeConfiguration.Enabled);
        Assert.Equal(NvmeStatus.Success, bench.Connect(queueId: 1, controllerId: controller.Id).Status);
    }

    [Fact]
    public void Controllers_are_bounded_and_one_that_ended_makes_room()
    {
        using NvmeBench bench = new();
        NvmeQueue[] queues = [.. Enumerable.Range(0, NvmeLimits.MaxControllers).Select(i => bench.Connect(hostNqn: $"nqn.host:{i}").Queue!)];
        Assert.Equal(NvmeStatus.ConnectControllerBusy, bench.Connect().Status);
        queues[7].Close();
        NvmeConnectAnswer answer = bench.Connect();
        Assert.Equal(NvmeStatus.Success, answer.Status);
        Assert.Equal(257u, answer.Result);
    }

    [Fact]
    public void A_queue_counts_its_entries_for_flow_control()
    {
        using NvmeBench bench = new();
        NvmeConnect connect = new(0, 0, 3, false, 0);
        NvmeQueue queue = new(bench.ConnectReady(), connect, new RecordedQueue());
        Assert.True(queue.HasFlowControl);
        int[] heads = [.. Enumerable.Range(0, 4).Select(_ =>
        {
            queue.TakeEntry();
            return (int)queue.SqHead;
        })];
        Assert.Equal([1, 2, 0, 1], heads);
    }

    [Fact]
    public void While_the_server_lets_hosts_go_every_queue_ends_by_itself()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        RecordedQueue io = new();
        bench.Connect(io, 1, controller.Id);
        bench.Target.LetGo();
        controller.AdminQueue.Close();
        Assert.Empty(io.Stopped);
        bench.Target.Dispose();
        Assert.Equal([NvmeQueueStop.Reset], io.Stopped);
    }

    [Fact]
    public void The_end_of_the_admin_queue_ends_the_others_and_that_of_another_ends_only_it()
    {
        using NvmeBench bench = new();
        RecordedQueue admin = new();
        NvmeController controller = bench.ConnectReady(admin);
        RecordedQueue first = new();
        RecordedQueue second = new();
        NvmeQueue queue = bench.Connect(first, 1, controller.Id).Queue!;
        bench.Connect(second, 2, controller.Id);
        queue.Close();
        Assert.Empty(second.Stopped);
        Assert.NotNull(bench.Connect(first, 1, controller.Id).Queue);
        controller.AdminQueue.Close();
        Assert.Equal([NvmeQueueStop.Close], first.Stopped);
        Assert.Equal([NvmeQueueStop.Close], second.Stopped);
        Assert.Equal(0x10010u, bench.Connect(queueId: 1, controllerId: controller.Id).Result);
    }
}
