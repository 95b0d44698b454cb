using BlockEmu.Device.Geometry;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Tests.Nvme;

public sealed class NvmeEventTests
{
    private const uint NamespaceChanged = 0x0004_0002;

    [Fact]
    public void A_change_of_the_promises_is_told_once_until_it_was_read()
    {
        using NvmeBench bench = new();
        RecordedQueue admin = new();
        NvmeController controller = Listen(bench, admin);
        Assert.Equal(NvmeAdminAnswer.Deferred, NvmeBench.Run(controller, NvmeBench.EventRequest(21)));
        Assert.Equal(NvmeAdminAnswer.Deferred, NvmeBench.Run(controller, NvmeBench.EventRequest(22)));
        Change(bench, 8192);
        Change(bench, 16384);
        Assert.Equal([((ushort)21, NvmeStatus.Success, (ulong)NamespaceChanged)], admin.Completed);
        Assert.Equal([1u], NvmeNamespaceList.Read(NvmeBench.ReadLog(controller, NvmeLogPage.ChangedNamespaces, 4096, retains: true)));
        Change(bench, 32768);
        Assert.Single(admin.Completed);
        Assert.Equal([1u], NvmeNamespaceList.Read(NvmeBench.ReadLog(controller, NvmeLogPage.ChangedNamespaces, 4096)));
        Assert.Empty(NvmeNamespaceList.Read(NvmeBench.ReadLog(controller, NvmeLogPage.ChangedNamespaces, 4096)));
        Change(bench, 4096);
        Assert.Equal(22, admin.Completed.Last().CommandId);
        Assert.Equal(2, admin.Completed.Count);
        NvmeIdentifyNamespace n = NvmeIdentifyNamespace.Read(NvmeBench.ReadIdentify(controller, NvmeIdentifyStructure.Namespace, 1));
        Assert.Equal(7, n.Nawupf);
    }

    [Fact]
    public void A_change_before_the_request_is_told_with_it()
    {
        using NvmeBench bench = new();
        RecordedQueue admin = new();
        NvmeController controller = Listen(bench, admin);
        Change(bench, 8192);
        Assert.Equal(NvmeAdminAnswer.Of(NamespaceChanged), NvmeBench.Run(controller, NvmeBench.EventRequest(21)));
        Assert.Equal(NvmeAdminAnswer.Deferred, NvmeBench.Run(controller, NvmeBench.EventRequest(22)));
        Assert.Empty(admin.Completed);
    }

    [Fact]
    public void A_change_of_what_hosts_cannot_read_is_none()
    {
        using NvmeBench bench = new();
        NvmeController controller = Listen(bench, new RecordedQueue());
        bench.Served.Change(o => o with { });
        bench.Served.Change(o => o with { Seed = 99, Atomicity = o.ConfiguredAtomicity with { Dn = true } });
        Assert.Equal(NvmeAdminAnswer.Deferred, NvmeBench.Run(controller, NvmeBench.EventRequest(21)));
    }

    [Fact]
    public void A_host_that_did_not_ask_hears_nothing_but_finds_it_in_the_log()
    {
        using NvmeBench bench = new();
        RecordedQueue admin = new();
        NvmeController controller = bench.ConnectReady(admin);
        NvmeBench.Run(controller, NvmeBench.EventRequest(21));
        Change(bench, 8192);
        Assert.Empty(admin.Completed);
        Assert.Equal([1u], NvmeNamespaceList.Read(NvmeBench.ReadLog(controller, NvmeLogPage.ChangedNamespaces, 4096)));
    }

    [Fact]
    public void A_fifth_request_is_refused()
    {
        using NvmeBench bench = new();
        NvmeController controller = Listen(bench, new RecordedQueue());
        for (ushort i = 0; i < NvmeLimits.MaxEventRequests; i++)
        {
            Assert.True(NvmeBench.Run(controller, NvmeBench.EventRequest(i)).IsDeferred);
        }

        Assert.Equal(NvmeStatus.EventRequestLimitExceeded.Final, NvmeBench.Run(controller, NvmeBench.EventRequest(9)).Status);
    }

    [Fact]
    public void A_reset_drops_the_requests()
    {
        using NvmeBench bench = new();
        RecordedQueue admin = new();
        NvmeController controller = Listen(bench, admin);
        NvmeBench.Run(controller, NvmeBench.EventRequest(21));
        NvmeBench.Set(controller, NvmeConfiguration.Enabled.Disabled());
        NvmeBench.Set(controller, NvmeConfiguration.Enabled);
        Change(bench, 8192);
        Assert.Empty(admin.Completed);
    }

    [Fact]
    public void Discovery_tells_of_disks_that_come_and_go()
    {
        using NvmeBench bench = new();
        RecordedQueue admin = new();
        NvmeController discovery = bench.ConnectReady(admin, NvmeNames.Discovery);
        NvmeBench.Run(discovery, NvmeBench.Feature(NvmeAdminOpcode.SetFeatures, NvmeFeature.AsynchronousEventConfiguration, 1u << 31));
        NvmeBench.Run(discovery, NvmeBench.EventRequest(21));
        NvmeBench.Run(discovery, NvmeBench.EventRequest(22));
        Assert.Equal((1ul, 1), ReadDiscovery(discovery, out _));
        bench.Add(new DiskOptions { Name = "disk1", SizeBytes = 1 << 20 });
        Assert.Equal([((ushort)21, NvmeStatus.Success, 0x0070_F002ul)], admin.Completed);
        Assert.Equal((2ul, 2), ReadDiscovery(discovery, out NvmeDiscoveryRecord[] records));
        Assert.Equal(["nqn.2026-11.io.blockemu:disk0", "nqn.2026-11.io.blockemu:disk1"], records.Select(r => r.SubsystemNqn));
        Assert.All(records, r => Assert.Equal("127.0.0.1:4420", $"{r.EndPoint}"));
        Assert.True(bench.Registry.TryRemove(bench.Served));
        Assert.Equal(2, admin.Completed.Count);
        Assert.Equal((3ul, 1), ReadDiscovery(discovery, out _));
    }

    [Fact]
    public void The_discovery_log_is_read_at_any_offset()
    {
        using NvmeBench bench = new();
        NvmeController discovery = bench.ConnectReady(nqn: NvmeNames.Discovery);
        NvmeBench.Run(discovery, new NvmeGetLogPage(NvmeLogPage.Discovery, 0, 4096, false, false).ToCommand(1), out byte[] whole);
        NvmeBench.Run(discovery, new NvmeGetLogPage(NvmeLogPage.Discovery, 1024, 1024, false, false).ToCommand(1), out byte[] record);
        Assert.Equal(whole[1024..2048], record);
        Assert.All(whole[2048..], b => Assert.Equal(0, b));
        Assert.Equal(
            NvmeStatus.InvalidField.Final,
            NvmeBench.Run(discovery, new NvmeGetLogPage(NvmeLogPage.Discovery, 2052, 4, false, false).ToCommand(1)).Status);
    }

    [Fact]
    public void A_discovery_controller_has_no_disk()
    {
        using NvmeBench bench = new();
        NvmeController discovery = bench.ConnectReady(nqn: NvmeNames.Discovery);
        NvmeIdentifyController c = NvmeIdentifyController.Read(NvmeBench.ReadIdentify(discovery, NvmeIdentifyStructure.Controller));
        Assert.Equal((2, NvmeNames.Discovery, NvmeEventMask.DiscoveryLog), (c.ControllerType, c.SubsystemNqn, c.Events));
        Assert.Null(discovery.FindNamespace(1));
        Assert.Equal(NvmeStatus.InvalidField.Final, NvmeBench.Run(discovery, NvmeBench.Identify(NvmeIdentifyStructure.Namespace, 1)).Status);
        NvmeCommand health = new NvmeGetLogPage(NvmeLogPage.Health, 0, 512, false, false).ToCommand(1);
        Assert.Equal(NvmeStatus.InvalidLogPage.Final, NvmeBench.Run(discovery, health).Status);
        NvmeCommand queues = NvmeBench.Feature(NvmeAdminOpcode.SetFeatures, NvmeFeature.NumberOfQueues, 1);
        Assert.Equal(NvmeStatus.InvalidField.Final, NvmeBench.Run(discovery, queues).Status);
    }

    private static NvmeController Listen(NvmeBench bench, RecordedQueue admin)
    {
        NvmeController controller = bench.ConnectReady(admin);
        NvmeBench.Run(controller, NvmeBench.Feature(NvmeAdminOpcode.SetFeatures, NvmeFeature.AsynchronousEventConfiguration, 1u << 8));
        return controller;
    }

    private static void Change(NvmeBench bench, long unit) => bench.Served.Change(
        o => o with { Atomicity = new AtomicityParameters { AwunBytes = unit, AwupfBytes = unit, AcwuBytes = unit } });

    private static (ulong Generation, int Count) ReadDiscovery(NvmeController discovery, out NvmeDiscoveryRecord[] records)
    {
        NvmeDiscoveryHeader header = NvmeDiscoveryHeader.Read(NvmeBench.ReadLog(discovery, NvmeLogPage.Discovery, 1024));
        byte[] page = NvmeBench.ReadLog(discovery, NvmeLogPage.Discovery, 1024 * (1 + (int)header.RecordCount));
        records = [.. Enumerable.Range(1, (int)header.RecordCount).Select(i => NvmeDiscoveryRecord.Read(page.AsSpan(i * 1024))!)];
        return (header.Generation, records.Length);
    }
}
