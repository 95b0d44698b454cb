using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Nvme;
using BlockEmu.Server.Tests.Nbd;

namespace BlockEmu.Server.Tests.Nvme;

/// <summary>What hosts meet when a disk's power goes and comes (SEMANTICS 5, ADR 0006).</summary>
public sealed class NvmePowerTests
{
    [Fact]
    public void Reset_drops_every_queue_and_refuses_while_off_and_then_not_any_more()
    {
        using NvmeBench bench = new();
        RecordedQueue admin = new();
        RecordedQueue io = new();
        NvmeController controller = bench.ConnectReady(admin);
        bench.Connect(io, 1, controller.Id);
        bench.Served.Disk.Cut();
        Assert.Equal([NvmeQueueStop.Reset], admin.Stopped);
        Assert.Equal([NvmeQueueStop.Reset], io.Stopped);
        Assert.Equal(NvmeStatus.ConnectInvalidHost.Final, bench.Connect().Status);
        Assert.Equal(NvmeStatus.ConnectInvalidHost.Final, bench.Connect().Status);
        bench.Served.Disk.PowerOn();
        Assert.Equal(NvmeStatus.Success, bench.Connect().Status);
    }

    [Fact]
    public void A_host_that_did_not_try_while_off_is_refused_once_afterwards()
    {
        using NvmeBench bench = new();
        bench.ConnectReady();
        bench.Served.Disk.Cut();
        bench.Served.Disk.PowerOn();
        Assert.Equal(NvmeStatus.Success, bench.Connect(hostId: 99).Status);
        Assert.Equal(NvmeStatus.ConnectInvalidHost.Final, bench.Connect().Status);
        Assert.Equal(NvmeStatus.Success, bench.Connect().Status);
    }

    [Fact]
    public void A_host_is_refused_once_for_each_controller_it_had()
    {
        using NvmeBench bench = new();
        bench.ConnectReady();
        bench.ConnectReady();
        bench.Served.Disk.Cut();
        Assert.Equal(NvmeStatus.ConnectInvalidHost.Final, bench.Connect().Status);
        bench.Served.Disk.PowerOn();
        Assert.Equal(NvmeStatus.ConnectInvalidHost.Final, bench.Connect().Status);
        Assert.Equal(NvmeStatus.Success, bench.Connect().Status);
    }

    [Fact]
    public void A_host_that_had_left_before_is_not_refused()
    {
        using NvmeBench bench = new();
        bench.Connect().Queue!.Close();
        bench.Served.Disk.Cut();
        bench.Served.Disk.PowerOn();
        Assert.Equal(NvmeStatus.Success, bench.Connect().Status);
    }

    [Fact]
    public void Reconnect_drops_and_lets_hosts_try_again()
    {
        using NvmeBench bench = new();
        RecordedQueue admin = new();
        bench.ConnectReady(admin);
        bench.Served.OffBehaviour = OffBehaviour.Reconnect;
        bench.Served.Disk.Cut();
        Assert.Equal([NvmeQueueStop.Reset], admin.Stopped);
        Assert.Equal(NvmeStatus.ConnectControllerBusy, bench.Connect().Status);
        bench.Served.Disk.PowerOn();
        Assert.Equal(NvmeStatus.Success, bench.Connect().Status);
    }

    [Fact]
    public void A_disk_without_power_does_not_notice_that_a_host_is_silent()
    {
        FiredByHandTime time = new();
        using NvmeBench bench = new(time: time);
        NvmeController controller = bench.ConnectReady(keepAliveMs: 5000);
        bench.Served.OffBehaviour = OffBehaviour.Hang;
        bench.Served.Disk.Cut();
        Assert.Equal(0u, controller.KeepAlive.TimeoutMs);
        Assert.Equal([TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan], time.Changes);
    }

    [Fact]
    public void Hosts_that_never_come_back_are_forgotten_oldest_first()
    {
        NvmeRefusals refusals = new();
        for (int i = 0; i <= NvmeRefusals.MaxOwed; i++)
        {
            refusals.Owe(new NvmeHost((UInt128)i, "h"));
        }

        Assert.False(refusals.TryTake(new NvmeHost(0, "h")));
        Assert.True(refusals.TryTake(new NvmeHost(1, "h")));
        Assert.False(refusals.TryTake(new NvmeHost(1, "h")));
    }

    [Fact]
    public void Hang_is_mute_until_the_power_is_back()
    {
        using NvmeBench bench = new();
        RecordedQueue admin = new();
        bench.ConnectReady(admin);
        bench.Served.OffBehaviour = OffBehaviour.Hang;
        bench.Served.Disk.Cut();
        Assert.Equal([NvmeQueueStop.Mute], admin.Stopped);
        Assert.Equal(NvmeQueueStop.Mute, bench.Connect().Silence);
        bench.Served.Disk.PowerOn();
        Assert.Equal([NvmeQueueStop.Mute, NvmeQueueStop.Reset], admin.Stopped);
        Assert.Equal(NvmeStatus.ConnectInvalidHost.Final, bench.Connect().Status);
        Assert.Equal(NvmeStatus.Success, bench.Connect().Status);
    }

    [Fact]
    public void Error_fails_what_needs_the_disk_and_resets_at_power_on()
    {
        using NvmeBench bench = new();
        RecordedQueue admin = new();
        NvmeController controller = bench.ConnectReady(admin);
        bench.Served.OffBehaviour = OffBehaviour.Error;
        bench.Served.Disk.Cut();
        Assert.Equal([NvmeQueueStop.Fail], admin.Stopped);
        Assert.Equal(NvmeStatus.Success, NvmeBench.Run(controller, new NvmeCommand { Opcode = 0x18 }).Status);
        Assert.Equal(NvmeStatus.InternalPathError.Final, bench.Connect().Status);
        bench.Served.Disk.PowerOn();
        Assert.Equal([NvmeQueueStop.Fail, NvmeQueueStop.Reset], admin.Stopped);
        Assert.Equal(NvmeStatus.Success, bench.Connect().Status);
    }

    [Fact]
    public void An_orderly_shutdown_of_the_disk_is_a_loss_of_power_to_its_hosts()
    {
        using NvmeBench bench = new();
        RecordedQueue admin = new();
        bench.ConnectReady(admin);
        bench.Served.Disk.Shutdown();
        Assert.Equal([NvmeQueueStop.Reset], admin.Stopped);
        Assert.Equal(NvmeStatus.ConnectInvalidHost.Final, bench.Connect().Status);
    }

    [Fact]
    public void One_disks_cut_leaves_the_others_hosts_alone()
    {
        using NvmeBench bench = new();
        RecordedQueue other = new();
        bench.Add(new() { Name = "disk1", SizeBytes = 1 << 20 });
        bench.ConnectReady(other, new NvmeIdentity("disk1").Nqn);
        RecordedQueue discovery = new();
        bench.ConnectReady(discovery, NvmeNames.Discovery);
        bench.ConnectReady();
        bench.Served.Disk.Cut();
        Assert.Empty(other.Stopped);
        Assert.Empty(discovery.Stopped);
        Assert.Equal(NvmeStatus.Success, bench.Connect(nqn: new NvmeIdentity("disk1").Nqn).Status);
    }

    [Fact]
    public void A_disk_that_is_removed_drops_its_hosts_and_is_unknown()
    {
        using NvmeBench bench = new();
        RecordedQueue admin = new();
        bench.ConnectReady(admin);
        bench.Registry.TryRemove(bench.Served);
        Assert.Equal([NvmeQueueStop.Reset], admin.Stopped);
        Assert.Equal(0x10100u, bench.Connect().Result);
        Assert.Null(bench.Target.Find(bench.Served));
    }

    [Fact]
    public void Surprising_promises_are_warned_of_at_start_and_when_they_come()
    {
        using NvmeBench bench = new(new() { Name = "d", SizeBytes = 1 << 20, Atomicity = new() { AwunBytes = 12288, AwupfBytes = 12288 } });
        Assert.Contains("d: awupf=12288: Linux counts in powers of two", Assert.Single(Warnings()));
        bench.Served.Change(o => o with { Atomicity = new() { NabsnBytes = 65536, NabspfBytes = 65536, NaboBytes = 512 } });
        Assert.Contains("d: nabo=512: Linux shows no atomic write limits", Warnings().Last());
        Assert.Equal(2, Warnings().Count());
        bench.Served.Change(o => o with { Atomicity = null });
        Assert.Equal(2, Warnings().Count());

        IEnumerable<string> Warnings() => bench.Log.Warnings;
    }

    [Fact]
    public void Nothing_is_said_of_hosts_while_none_can_come()
    {
        using NvmeBench bench = new(
            new() { Name = "d", SizeBytes = 1 << 20, Atomicity = new() { AwunBytes = 12288, AwupfBytes = 12288 } }, isServed: false);
        bench.Served.Change(o => o with { Atomicity = new() { AwunBytes = 1536, AwupfBytes = 1536, AcwuBytes = 512 } });
        Assert.Empty(bench.Log.Warnings);
        bench.Target.Serve();
        bench.Target.Serve();
        Assert.Contains("awupf=1536", Assert.Single(bench.Log.Warnings), StringComparison.Ordinal);
    }
}
