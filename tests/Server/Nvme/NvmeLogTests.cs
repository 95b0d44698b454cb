using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Nvme;
using BlockEmu.Server.Tests.Nbd;

namespace BlockEmu.Server.Tests.Nvme;

public sealed class NvmeLogTests
{
    [Fact]
    public void Health_counts_what_hosts_did_and_every_cut_as_an_unsafe_shutdown()
    {
        FiredByHandTime time = new(isStopped: true);
        using NvmeBench bench = new(time: time);
        ConnectionMeter meter = bench.Served.Meter.Open(NvmeHealth.FrontEnd);
        meter.Record(DiskOperation.Read, true, false, 512_001, 1);
        meter.Record(DiskOperation.Write, true, false, 512_000, 1);
        meter.Record(DiskOperation.Write, true, false, 512, 1);
        bench.Served.Meter.Open("nbd").Record(DiskOperation.Read, true, false, 1 << 30, 1);
        bench.Served.Disk.Cut();
        bench.Served.Disk.PowerOn();
        bench.Served.Disk.Shutdown();
        bench.Served.Disk.PowerOn();
        time.Advance(TimeSpan.FromHours(3.5));
        NvmeController controller = bench.ConnectReady();
        controller.ReportError(1, default, NvmeStatus.UnrecoveredReadError.Final);
        controller.ReportError(1, default, NvmeStatus.CompareFailure.Final);
        NvmeHealthLog log = NvmeHealthLog.Read(NvmeBench.ReadLog(controller, NvmeLogPage.Health, 512));
        Assert.Equal((2ul, 2ul, 1ul, 2ul), (log.DataUnitsRead, log.DataUnitsWritten, log.HostReads, log.HostWrites));
        Assert.Equal((1ul, 3ul, 3ul), (log.UnsafeShutdowns, log.PowerCycles, log.PowerOnHours));
        Assert.Equal((1ul, 2ul), (log.MediaErrors, log.ErrorLogEntries));
    }

    [Theory]
    [InlineData(0, 0x00)]
    [InlineData(1, 0x00)]
    [InlineData(0xFFFFFFFF, 0x00)]
    [InlineData(2, 0x0B)]
    public void Health_is_the_controllers_or_the_namespaces(uint nsid, byte code)
    {
        using NvmeBench bench = new();
        NvmeCommand command = new NvmeGetLogPage(NvmeLogPage.Health, 0, 512, false, false).ToCommand(1, nsid);
        Assert.Equal(code, NvmeBench.Run(bench.ConnectReady(), command).Status.Code);
    }

    [Fact]
    public void Firmware_effects_and_the_list_of_pages_are_there()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        Assert.Equal("0.1.0", NvmeFirmwareLog.Read(NvmeBench.ReadLog(controller, NvmeLogPage.Firmware, 512)).Revision);
        byte[] effects = NvmeBench.ReadLog(controller, NvmeLogPage.Effects, 4096);
        Assert.Equal(NvmeEffectsLog.Supported, NvmeEffectsLog.ReadAdmin(effects, (byte)NvmeAdminOpcode.KeepAlive));
        Assert.Equal(3u, NvmeEffectsLog.ReadIo(effects, (byte)NvmeIoOpcode.Copy));
        Assert.Equal(1u, NvmeEffectsLog.ReadIo(effects, (byte)NvmeIoOpcode.Flush));
        byte[] pages = NvmeBench.ReadLog(controller, NvmeLogPage.SupportedPages, 1024);
        Assert.Equal([0, 1, 2, 3, 4, 5], Enumerable.Range(0, 256).Where(i => pages[i * 4] == 1));
    }

    [Theory]
    [InlineData(0x06, 0u, 512, 512, 0x09, 1)]
    [InlineData(0x70, 0u, 512, 512, 0x09, 1)]
    [InlineData(0x02, 0u, 512, 508, 0x0F, 0)]
    [InlineData(0x02, 0u, 508, 512, 0x0F, 0)]
    [InlineData(0x02, 2u, 512, 512, 0x02, 0)]
    [InlineData(0x02, 516u, 512, 512, 0x02, 0)]
    public void A_log_page_that_cannot_be_read_is_refused(byte page, uint offset, int length, int room, byte code, byte type)
    {
        using NvmeBench bench = new();
        NvmeCommand command = new NvmeGetLogPage((NvmeLogPage)page, offset, length, false, false).ToCommand(1);
        NvmeAdminAnswer answer = NvmeBench.Run(bench.ConnectReady(), command with { Data = NvmeSgl.Transport((uint)room) });
        Assert.Equal(new NvmeStatus(type, code, true), answer.Status);
    }

    [Fact]
    public void What_lies_behind_a_page_reads_as_zeroes_and_an_index_is_refused()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        byte[] log = NvmeBench.ReadLog(controller, NvmeLogPage.Firmware, 1024);
        Assert.All(log[512..], b => Assert.Equal(0, b));
        NvmeCommand index = new NvmeGetLogPage(NvmeLogPage.Errors, 0, 64, false, true).ToCommand(1);
        Assert.Equal(NvmeStatus.InvalidField.Final, NvmeBench.Run(controller, index).Status);
    }
}
