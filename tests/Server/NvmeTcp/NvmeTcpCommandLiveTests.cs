using BlockEmu.Device.Power;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Tests.NvmeTcp;

/// <summary>Each command of an I/O queue: what it does.</summary>
public sealed class NvmeTcpCommandLiveTests
{
    private const ulong LastLba = (NvmeTcpBench.DiskBytes / NvmeTcpBench.BlockBytes) - 1;

    [Fact]
    public async Task Flush_and_FUA_outlive_a_cut_and_what_was_cached_does_not()
    {
        await using NvmeTcpBench bench = new();
        byte[] data = NvmeTcpBench.Pattern(4096);
        using (NvmeTcpClient client = bench.Connect())
        {
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(client.Queue, 0, data));
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Flush(client.Queue));
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(client.Queue, 8, data));
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Flush(client.Queue, 0xFFFF_FFFF));
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(client.Queue, 16, data, fua: true));
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(client.Queue, 24, data));
        }

        bench.First.Disk.Cut(1, LossModel.LoseAll);
        bench.First.Disk.PowerOn();
        Assert.Equal(data, bench.Peek(0, 4096));
        Assert.Equal(data, bench.Peek(4096, 4096));
        Assert.Equal(data, bench.Peek(8192, 4096));
        Assert.Equal(new byte[4096], bench.Peek(12_288, 4096));
    }

    [Theory]
    [InlineData(NvmeIoOpcode.Read)]
    [InlineData(NvmeIoOpcode.Verify)]
    [InlineData(NvmeIoOpcode.Compare)]
    public async Task A_read_with_FUA_puts_on_media_what_it_returns(NvmeIoOpcode opcode)
    {
        await using NvmeTcpBench bench = new();
        byte[] data = NvmeTcpBench.Pattern(4096);
        using (NvmeTcpClient client = bench.Connect())
        {
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(client.Queue, 0, data));
            NvmeCommand read = NvmeTcpBench.Command(opcode, 0, 8).WithForceUnitAccess();
            byte[] sent = opcode == NvmeIoOpcode.Compare ? data : [];
            Assert.Equal(NvmeStatus.Success, client.Queue.Execute(read, sent, new byte[opcode == NvmeIoOpcode.Read ? 4096 : 0]).Status);
        }

        bench.First.Disk.Cut(1, LossModel.LoseAll);
        bench.First.Disk.PowerOn();
        Assert.Equal(data, bench.Peek(0, 4096));
    }

    [Fact]
    public async Task Zeroes_and_deallocation()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        NvmeTcpQueue queue = client.Queue;
        byte[] data = NvmeTcpBench.Pattern(16_384);
        Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(queue, 0, data));
        Assert.Equal(NvmeStatus.Success, queue.Execute(NvmeTcpBench.Command(NvmeIoOpcode.WriteZeroes, 0, 8)).Status);
        NvmeCommand deallocating = NvmeTcpBench.Command(NvmeIoOpcode.WriteZeroes, 8, 8);
        Assert.Equal(NvmeStatus.Success, queue.Execute(deallocating with { Cdw12 = deallocating.Cdw12 | (1u << 25) }).Status);

        // As Linux sends it: 4096 bytes, whatever the number of ranges.
        byte[] ranges = new byte[4096];
        new NvmeDsmRange(17, 2).Write(ranges);
        new NvmeDsmRange(30, 0).Write(ranges.AsSpan(16));
        NvmeCommand manage = NvmeTcpBench.Command(NvmeIoOpcode.DatasetManagement) with { Cdw10 = 1, Cdw11 = 4, Cdw12 = 0 };
        Assert.Equal(NvmeStatus.Success, queue.Execute(manage, ranges).Status);
        byte[] expected = [.. data];
        expected.AsSpan(0, 8192).Clear();
        expected.AsSpan(17 * 512, 1024).Clear();
        Assert.Equal(expected, NvmeTcpBench.Read(queue, 0, 16_384));

        // Without AD they are hints; with one range that is outside, none is deallocated.
        Assert.Equal(NvmeStatus.Success, queue.Execute(manage with { Cdw11 = 0 }, new byte[4096]).Status);
        new NvmeDsmRange(20, 1).Write(ranges);
        new NvmeDsmRange(LastLba, 2).Write(ranges.AsSpan(16));
        Assert.Equal(NvmeStatus.LbaOutOfRange.Final, queue.Execute(manage, ranges).Status);
        Assert.Equal(expected, NvmeTcpBench.Read(queue, 0, 16_384));
    }

    [Fact]
    public async Task Compare_tells_whether_it_is_the_same()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        byte[] data = NvmeTcpBench.Pattern(20_480);
        Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(client.Queue, 8, data));
        NvmeCommand compare = NvmeTcpBench.Command(NvmeIoOpcode.Compare, 8, 40);
        Assert.Equal(NvmeStatus.Success, client.Queue.Execute(compare, data).Status);
        data[20_479] ^= 1;
        Assert.Equal(NvmeStatus.CompareFailure.Final, client.Queue.Execute(compare, data).Status);
    }

    [Fact]
    public async Task What_is_marked_uncorrectable_cannot_be_read_until_it_is_written()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        NvmeTcpQueue queue = client.Queue;
        byte[] data = NvmeTcpBench.Pattern(512);
        Assert.Equal(NvmeStatus.Success, queue.Execute(NvmeTcpBench.Command(NvmeIoOpcode.WriteUncorrectable, 4095, 3)).Status);
        NvmeStatus unreadable = NvmeStatus.UnrecoveredReadError.Final;
        foreach (NvmeIoOpcode opcode in (NvmeIoOpcode[])[NvmeIoOpcode.Read, NvmeIoOpcode.Verify])
        {
            int bytes = opcode == NvmeIoOpcode.Read ? 1024 : 0;
            Assert.Equal(NvmeStatus.Success, queue.Execute(NvmeTcpBench.Command(opcode, 4093, 2), default, new byte[bytes]).Status);
            Assert.Equal(unreadable, queue.Execute(NvmeTcpBench.Command(opcode, 4094, 2), default, new byte[bytes]).Status);
            Assert.Equal(unreadable, queue.Execute(NvmeTcpBench.Command(opcode, 4097, 2), default, new byte[bytes]).Status);
            Assert.Equal(NvmeStatus.Success, queue.Execute(NvmeTcpBench.Command(opcode, 4098, 2), default, new byte[bytes]).Status);
        }

        Assert.Equal(unreadable, queue.Execute(NvmeTcpBench.Command(NvmeIoOpcode.Compare, 4096), data).Status);
        Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(queue, 4096, data));
        Assert.Equal(data, NvmeTcpBench.Read(queue, 4096, 512));
        Assert.Equal(unreadable, queue.Execute(NvmeTcpBench.Command(NvmeIoOpcode.Read, 4095), default, new byte[512]).Status);
        Assert.Equal(NvmeStatus.Success, queue.Execute(NvmeTcpBench.Command(NvmeIoOpcode.WriteZeroes, 4090, 20)).Status);
        Assert.Equal(new byte[10_240], NvmeTcpBench.Read(queue, 4090, 10_240));
    }

    [Fact]
    public async Task Copy_gathers_its_ranges()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        byte[] data = NvmeTcpBench.Pattern(8192);
        Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(client.Queue, 0, data));
        byte[] ranges = new byte[96];
        new NvmeCopyRange(8, 4).Write(ranges);
        new NvmeCopyRange(0, 1).Write(ranges.AsSpan(32));
        new NvmeCopyRange(3, 2).Write(ranges.AsSpan(64));
        NvmeCommand copy = NvmeTcpBench.Command(NvmeIoOpcode.Copy, 1000) with { Cdw12 = 2 };
        NvmeCompletion done = client.Queue.Execute(copy, ranges);
        Assert.Equal((NvmeStatus.Success, 0u), (done.Status, done.Dw0));
        byte[] expected = [.. data[4096..6144], .. data[..512], .. data[1536..2560]];
        Assert.Equal(expected, NvmeTcpBench.Read(client.Queue, 1000, 3584));

        Assert.Equal(NvmeStatus.Success, client.Queue.Execute(NvmeTcpBench.Command(NvmeIoOpcode.WriteUncorrectable, 3)).Status);
        done = client.Queue.Execute(copy with { Cdw10 = 2000 }, ranges);
        Assert.Equal((NvmeStatus.UnrecoveredReadError.Final, 2u), (done.Status, done.Dw0));
        new NvmeCopyRange(LastLba, 2).Write(ranges);
        Assert.Equal(NvmeStatus.LbaOutOfRange.Final, client.Queue.Execute(copy, ranges).Status);
        new NvmeCopyRange(0, 2049).Write(ranges);
        Assert.Equal(NvmeStatus.CommandSizeLimitExceeded.Final, client.Queue.Execute(copy, ranges).Status);
    }

    [Fact]
    public async Task A_copy_of_many_MiB_is_written_in_pieces()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        byte[] data = NvmeTcpBench.Pattern(1 << 20);
        byte[] ranges = new byte[32 * 7];
        for (int i = 0; i < 7; i++)
        {
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(client.Queue, (ulong)i * 2048, data));
            new NvmeCopyRange(((ulong)i * 2048) + 1, 2047).Write(ranges.AsSpan(i * 32));
        }

        NvmeCommand copy = NvmeTcpBench.Command(NvmeIoOpcode.Copy, 50_001) with { Cdw12 = 6 };
        Assert.Equal(NvmeStatus.Success, client.Queue.Execute(copy, ranges).Status);
        for (int i = 0; i < 7; i++)
        {
            Assert.Equal(data[512..], bench.Peek((50_001L + (i * 2047L)) * 512, (1 << 20) - 512));
        }
    }

    [Fact]
    public async Task Commands_are_metered_by_operation_and_result()
    {
        await using NvmeTcpBench bench = new();
        using (NvmeTcpClient client = bench.Connect())
        {
            NvmeTcpBench.Write(client.Queue, 0, new byte[4096], fua: true);
            NvmeTcpBench.Read(client.Queue, 0, 1024);
            NvmeTcpBench.Flush(client.Queue);
            client.Queue.Execute(NvmeTcpBench.Command(NvmeIoOpcode.Compare, 0), NvmeTcpBench.Pattern(512));
            client.Queue.Execute(NvmeTcpBench.Command(NvmeIoOpcode.Verify, 0, 4));
            Assert.Equal(1, bench.First.Meter.ConnectionCount);
        }

        SpinWait.SpinUntil(() => bench.First.Meter.ConnectionCount == 0, NvmeTcpBench.Patience);
        ConnectionMeter meter = Assert.Single(bench.First.Meter.Read());
        Assert.Equal("nvme", meter.FrontEnd);
        Assert.Equal([1, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0], meter.Succeeded);
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], meter.Failed);
        Assert.Equal([1024, 4096, 0, 0, 0, 0, 0, 0, 0, 2048, 0], meter.Bytes);
        Assert.Equal(1, meter.Fua[(int)DiskOperation.Write]);
    }

    [Fact]
    public async Task Flush_with_the_cache_switched_off_has_nothing_to_do()
    {
        await using NvmeTcpBench bench = new();
        byte[] data = NvmeTcpBench.Pattern(4096);
        using (NvmeTcpClient client = bench.Connect())
        {
            NvmeCommand off = new() { Opcode = (byte)NvmeAdminOpcode.SetFeatures, Cdw10 = (byte)NvmeFeature.VolatileWriteCache };
            Assert.Equal(NvmeStatus.Success, client.Admin.Execute(off).Status);
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(client.Queue, 0, data));
            Assert.Equal(NvmeStatus.Success, client.Admin.Execute(off with { Cdw11 = 1 }).Status);
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(client.Queue, 8, data));
        }

        bench.First.Disk.Cut(1, LossModel.LoseAll);
        bench.First.Disk.PowerOn();
        Assert.Equal(data, bench.Peek(0, 4096));
        Assert.Equal(new byte[4096], bench.Peek(4096, 4096));
    }
}
