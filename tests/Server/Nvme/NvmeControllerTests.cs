using BlockEmu.Device;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Nvme;
using BlockEmu.Server.Tests.Nbd;

namespace BlockEmu.Server.Tests.Nvme;

public sealed class NvmeControllerTests
{
    [Fact]
    public void Properties_are_those_that_Linux_asks_for()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.Connect().Queue!.Controller;
        Assert.Equal(0x0000_0020_3C01_007Ful, NvmeBench.Get(controller, NvmeProperty.Capabilities));
        Assert.Equal(0x2_0000ul, NvmeBench.Get(controller, NvmeProperty.Version));
        Assert.Equal(0ul, NvmeBench.Get(controller, NvmeProperty.Status));
        NvmeBench.Set(controller, new NvmeConfiguration(0x46_0000));
        Assert.Equal(0ul, NvmeBench.Get(controller, NvmeProperty.Status));
        NvmeBench.Set(controller, NvmeConfiguration.Enabled);
        Assert.Equal(1ul, NvmeBench.Get(controller, NvmeProperty.Status));
        Assert.Equal(0x46_0001ul, NvmeBench.Get(controller, NvmeProperty.Configuration));
    }

    [Theory]
    [InlineData(0x46_0061)] // all command sets
    [InlineData(0x46_0081)] // 8 KiB pages
    [InlineData(0x46_0801)] // weighted round robin
    [InlineData(0x47_0001)]
    [InlineData(0x36_0001)]
    public void A_configuration_that_is_not_spoken_is_fatal(uint cc)
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.Connect().Queue!.Controller;
        NvmeBench.Set(controller, new NvmeConfiguration(cc));
        Assert.Equal((ulong)NvmeControllerStatus.Fatal, NvmeBench.Get(controller, NvmeProperty.Status));
        Assert.Equal(NvmeStatus.CommandSequenceError.Final, NvmeBench.Run(controller, NvmeBench.Identify(NvmeIdentifyStructure.Controller)).Status);
    }

    [Theory]
    [InlineData(0x20, 0)]
    [InlineData(0x68, 0)]
    [InlineData(0x00, 0)]
    [InlineData(0x14, 1)]
    [InlineData(0x08, 2)]
    [InlineData(0x04, 0)]
    public void A_property_that_does_not_exist_is_refused(uint offset, uint size)
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        NvmeCommand command = NvmePropertyAccess.Get(NvmeProperty.Status, 1) with { Cdw10 = size, Cdw11 = offset };
        Assert.Equal(NvmeStatus.InvalidField.Final, NvmeBench.Run(controller, command).Status);
    }

    [Theory]
    [InlineData(0x00, 1)]
    [InlineData(0x08, 0)]
    [InlineData(0x1C, 0)]
    [InlineData(0x14, 1)]
    [InlineData(0x20, 0)]
    public void A_property_that_cannot_be_set_is_refused(uint offset, uint size)
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        NvmeCommand command = NvmePropertyAccess.Set(NvmeProperty.Configuration, 0, 1) with { Cdw10 = size, Cdw11 = offset };
        Assert.Equal(NvmeStatus.InvalidField.Final, NvmeBench.Run(controller, command).Status);
        Assert.Equal(1ul, NvmeBench.Get(controller, NvmeProperty.Status));
    }

    [Fact]
    public void A_reset_ends_the_io_queues_and_keeps_the_admin_queue()
    {
        using NvmeBench bench = new();
        RecordedQueue admin = new();
        RecordedQueue io = new();
        NvmeController controller = bench.ConnectReady(admin);
        Assert.NotNull(bench.Connect(io, 1, controller.Id).Queue);
        NvmeBench.Run(controller, NvmeBench.Feature(NvmeAdminOpcode.SetFeatures, NvmeFeature.VolatileWriteCache, 0));
        Assert.True(controller.MustForceUnitAccess);
        NvmeBench.Set(controller, NvmeConfiguration.Enabled.Disabled());
        Assert.Equal([NvmeQueueStop.Close], io.Stopped);
        Assert.Empty(admin.Stopped);
        Assert.Equal(0ul, NvmeBench.Get(controller, NvmeProperty.Status));
        Assert.False(controller.MustForceUnitAccess);
        NvmeBench.Set(controller, NvmeConfiguration.Enabled);
        Assert.NotNull(bench.Connect(io, 1, controller.Id).Queue);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_shutdown_flushes_and_only_then_is_complete(int notice)
    {
        using NvmeBench bench = new();
        RecordedQueue io = new();
        NvmeController controller = bench.ConnectReady();
        bench.Connect(io, 1, controller.Id);
        Disk disk = bench.Served.Disk;
        disk.Write(controller.PowerEpoch, 0, new byte[4096], fua: false);
        Assert.NotEqual(0, disk.GetStatistics().PendingAtoms);
        NvmeBench.Set(controller, NvmeConfiguration.Enabled.WithShutdown(notice));
        Assert.Equal(0, disk.GetStatistics().PendingAtoms);
        Assert.Equal(9ul, NvmeBench.Get(controller, NvmeProperty.Status));
        Assert.Equal([NvmeQueueStop.Close], io.Stopped);
        Assert.Equal(NvmeStatus.CommandSequenceError.Final, bench.Connect(queueId: 1, controllerId: controller.Id).Status);
    }

    [Fact]
    public void A_keep_alive_that_does_not_come_ends_the_controller()
    {
        FiredByHandTime time = new();
        using NvmeBench bench = new(time: time);
        RecordedQueue admin = new();
        NvmeController controller = bench.ConnectReady(admin, keepAliveMs: 4950);
        Assert.Equal(5000u, controller.KeepAlive.TimeoutMs);
        Assert.Equal(NvmeStatus.Success, NvmeBench.Run(controller, new NvmeCommand { Opcode = 0x18 }).Status);
        Assert.Empty(admin.Stopped);
        Assert.Equal([TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5)], time.Changes);
        time.FireAll();
        Assert.Equal([NvmeQueueStop.Reset], admin.Stopped);
        Assert.Equal(0, bench.Target.Find(bench.Served)!.ControllerCount);
        Assert.Equal(0, time.TimerCount);
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x0D)]
    [InlineData(0x80)]
    [InlineData(0xFF)]
    public void An_admin_command_that_is_not_spoken_is_refused(byte opcode)
    {
        using NvmeBench bench = new();
        Assert.Equal(NvmeStatus.InvalidOpcode.Final, NvmeBench.Run(bench.ConnectReady(), new NvmeCommand { Opcode = opcode }).Status);
    }

    [Fact]
    public void Fabrics_commands_that_do_not_belong_here_are_refused()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        NvmeCommand connect = new NvmeConnect(0, 0, 32, false, 0).ToCommand(1);
        Assert.Equal(NvmeStatus.CommandSequenceError.Final, NvmeBench.Run(controller, connect).Status);
        Assert.Equal(NvmeStatus.InvalidOpcode.Final, NvmeBench.Run(controller, new NvmeCommand { Opcode = 0x7F, NamespaceId = 5 }).Status);
        Assert.Equal(
            NvmeStatus.InvalidField.Final, NvmeBench.Run(controller, new NvmeCommand { Opcode = 0x18, Fuse = NvmeFuse.First }).Status);
    }

    [Fact]
    public void Nothing_but_fabrics_is_taken_before_the_controller_is_enabled()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.Connect().Queue!.Controller;
        Assert.Equal(NvmeStatus.CommandSequenceError.Final, NvmeBench.Run(controller, new NvmeCommand { Opcode = 0x18 }).Status);
    }

    [Fact]
    public void An_abort_says_that_nothing_was_aborted()
    {
        using NvmeBench bench = new();
        Assert.Equal(NvmeAdminAnswer.Of(1), NvmeBench.Run(bench.ConnectReady(), new NvmeCommand { Opcode = 0x08, Cdw10 = 0x0001_0001 }));
    }

    [Fact]
    public void What_failed_stands_in_the_error_log_newest_first()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        NvmeBench.Run(controller, new NvmeCommand { Opcode = 0x80, CommandId = 7 });
        controller.ReportError(
            3, NvmeCommand.OnBlocks(NvmeIoOpcode.Read, 9, 1, 0x1234, 1), NvmeStatus.UnrecoveredReadError.Final);
        byte[] log = NvmeBench.ReadLog(controller, NvmeLogPage.Errors, 192);
        Assert.Equal(new NvmeErrorLogEntry(2, 3, 9, NvmeStatus.UnrecoveredReadError.Final, 0x1234, 1), NvmeErrorLogEntry.Read(log));
        Assert.Equal(new NvmeErrorLogEntry(1, 0, 7, NvmeStatus.InvalidOpcode.Final, 0, 0), NvmeErrorLogEntry.Read(log.AsSpan(64)));
        Assert.Equal(0ul, NvmeErrorLogEntry.Read(log.AsSpan(128)).Number);
        for (int i = 0; i < NvmeLimits.MaxErrors; i++)
        {
            controller.ReportError(1, new NvmeCommand { CommandId = (ushort)i }, NvmeStatus.WriteFault);
        }

        log = NvmeBench.ReadLog(controller, NvmeLogPage.Errors, NvmeLimits.MaxErrors * 64);
        Assert.Equal(66ul, NvmeErrorLogEntry.Read(log).Number);
        Assert.Equal(3ul, NvmeErrorLogEntry.Read(log.AsSpan(63 * 64)).Number);
    }
}
