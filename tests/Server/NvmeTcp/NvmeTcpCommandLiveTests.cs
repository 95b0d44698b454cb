using BlockEmu.Device.Power;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Tests.NvmeTcp;

/// <summary>Each command of an I/O queue: what it does, and the exact status when it does not.</summary>
public sealed class NvmeTcpCommandLiveTests
{
    private const ulong LastLba = (NvmeTcpBench.DiskBytes / NvmeTcpBench.BlockBytes) - 1;

    public static TheoryData<string, NvmeCommand, byte[], int, NvmeStatus> Refusals()
    {
        byte[] block = new byte[512];
        NvmeCommand read = NvmeTcpBench.Command(NvmeIoOpcode.Read);
        NvmeCommand write = NvmeTcpBench.Command(NvmeIoOpcode.Write);
        NvmeCommand zero = NvmeTcpBench.Command(NvmeIoOpcode.WriteZeroes);
        return new()
        {
            { "opcode", read with { Opcode = 0x7D }, [], 0, NvmeStatus.InvalidOpcode.Final },
            { "reservation", read with { Opcode = 0x0D }, block, 0, NvmeStatus.InvalidOpcode.Final },
            { "Connect again", read with { Opcode = 0x7F, NamespaceId = 1 }, [], 0, NvmeStatus.CommandSequenceError.Final },
            { "namespace 0", read with { NamespaceId = 0 }, [], 512, NvmeStatus.InvalidNamespaceOrFormat.Final },
            { "namespace 2", write with { NamespaceId = 2 }, block, 0, NvmeStatus.InvalidNamespaceOrFormat.Final },
            { "all namespaces", read with { NamespaceId = 0xFFFF_FFFF }, [], 512, NvmeStatus.InvalidNamespaceOrFormat.Final },
            { "flush of another", read with { Opcode = 0, NamespaceId = 2 }, [], 0, NvmeStatus.InvalidNamespaceOrFormat.Final },
            { "read past the end", NvmeTcpBench.Command(NvmeIoOpcode.Read, LastLba, 2), [], 1024, NvmeStatus.LbaOutOfRange.Final },
            { "read far past the end", NvmeTcpBench.Command(NvmeIoOpcode.Read, ulong.MaxValue), [], 512, NvmeStatus.LbaOutOfRange.Final },
            { "write past the end", NvmeTcpBench.Command(NvmeIoOpcode.Write, LastLba + 1), block, 0, NvmeStatus.LbaOutOfRange.Final },
            { "zeroes past the end", NvmeTcpBench.Command(NvmeIoOpcode.WriteZeroes, LastLba, 2), [], 0, NvmeStatus.LbaOutOfRange.Final },
            { "verify past the end", NvmeTcpBench.Command(NvmeIoOpcode.Verify, LastLba, 2), [], 0, NvmeStatus.LbaOutOfRange.Final },
            { "compare past the end", NvmeTcpBench.Command(NvmeIoOpcode.Compare, LastLba + 1), block, 0, NvmeStatus.LbaOutOfRange.Final },
            { "beyond MDTS", NvmeTcpBench.Command(NvmeIoOpcode.Read, 0, 2049), [], 2049 * 512, NvmeStatus.InvalidField.Final },
            { "data too short", NvmeTcpBench.Command(NvmeIoOpcode.Write, 0, 2), block, 0, NvmeStatus.SglLengthInvalid.Final },
            { "data too long", write, new byte[1024], 0, NvmeStatus.SglLengthInvalid.Final },
            { "room too small", NvmeTcpBench.Command(NvmeIoOpcode.Read, 0, 2), [], 512, NvmeStatus.SglLengthInvalid.Final },
            { "no data at all", write, [], 0, NvmeStatus.SglLengthInvalid.Final },
            { "PRACT", write with { Cdw12 = 1u << 29 }, block, 0, NvmeStatus.InvalidProtectionInformation.Final },
            { "both fuse bits", zero with { Fuse = NvmeFuse.Invalid }, [], 0, NvmeStatus.InvalidField.Final },
            { "fused read", read with { Fuse = NvmeFuse.First }, [], 512, NvmeStatus.InvalidField.Final },
            { "copy format", NvmeTcpBench.Command(NvmeIoOpcode.Copy) with { Cdw12 = 0x200 }, new byte[32], 0, NvmeStatus.InvalidField.Final },
            { "copy without ranges", NvmeTcpBench.Command(NvmeIoOpcode.Copy) with { Cdw12 = 1 }, new byte[32], 0, NvmeStatus.SglLengthInvalid.Final },
            { "DSM without ranges", NvmeTcpBench.Command(NvmeIoOpcode.DatasetManagement) with { Cdw10 = 1, Cdw11 = 4 }, new byte[16], 0,
                NvmeStatus.SglLengthInvalid.Final },
        };
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_command_that_cannot_be(string what, NvmeCommand command, byte[] data, int roomBytes, NvmeStatus status)
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        Assert.True(status == client.Queue.Execute(command, data, new byte[roomBytes]).Status, what);
        Assert.Equal(new byte[512], NvmeTcpBench.Read(client.Queue, 0, 512));
    }

    [Theory]
    [InlineData(NvmeIoOpcode.Write, 512)]
    [InlineData(NvmeIoOpcode.WriteZeroes, 0)]
    [InlineData(NvmeIoOpcode.WriteUncorrectable, 0)]
    [InlineData(NvmeIoOpcode.DatasetManagement, 4096)]
    [InlineData(NvmeIoOpcode.Copy, 32)]
    public async Task A_read_only_disk_is_write_protected(NvmeIoOpcode opcode, int dataBytes)
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect(disk: "ro");
        NvmeCommand command = NvmeTcpBench.Command(opcode) with { Cdw11 = opcode == NvmeIoOpcode.DatasetManagement ? 4u : 0 };
        Assert.Equal(NvmeStatus.NamespaceWriteProtected.Final, client.Queue.Execute(command, new byte[dataBytes]).Status);
    }

    [Fact]
    public async Task Descriptors_that_are_not_spoken()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        byte[] block = new byte[512];
        (NvmeSgl Data, byte[] InCapsule, NvmeStatus Status)[] rows =
        [
            (new NvmeSgl(0, 512, 0x00), block, NvmeStatus.SglTypeInvalid.Final),
            (new NvmeSgl(0, 512, 0x40), block, NvmeStatus.SglTypeInvalid.Final),
            (NvmeSgl.Transport(512), block, NvmeStatus.SglTypeInvalid.Final), // the data is in the capsule
            (new NvmeSgl(1, 512, 0x01), block, NvmeStatus.SglLengthInvalid.Final),
            (new NvmeSgl(513, 512, 0x01), block, NvmeStatus.SglOffsetInvalid.Final),
            (NvmeSgl.InCapsule(512), [], NvmeStatus.SglLengthInvalid.Final),
            (new NvmeSgl(512, 512, 0x01), new byte[1024], NvmeStatus.Success),
        ];
        foreach ((NvmeSgl data, byte[] inCapsule, NvmeStatus status) in rows)
        {
            NvmeCommand write = NvmeTcpBench.Command(NvmeIoOpcode.Write) with { CommandId = client.Queue.NextCommandId(), Data = data };
            client.Queue.Send(write, inCapsule, default, 0);
            Assert.Equal(status, client.Queue.Wait(write.CommandId).Status);
        }

        NvmeCommand read = NvmeTcpBench.Command(NvmeIoOpcode.Read) with { CommandId = 900, Data = NvmeSgl.InCapsule(512) };
        client.Queue.Send(read, default, default, 512);
        Assert.Equal(NvmeStatus.SglTypeInvalid.Final, client.Queue.Wait(900).Status);
        NvmeCommand prp = NvmeTcpBench.Command(NvmeIoOpcode.Flush) with { CommandId = 901, Psdt = 0 };
        client.Queue.Send(prp, default, default, 0);
        Assert.Equal(NvmeStatus.InvalidField.Final, client.Queue.Wait(901).Status);
    }

    [Fact]
    public async Task A_command_identifier_that_is_in_use()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        NvmeTcpQueue queue = client.Queue;
        NvmeCommand write = NvmeTcpBench.Command(NvmeIoOpcode.Write) with { CommandId = 5, Data = NvmeSgl.Transport(512) };
        queue.Stream.Write(queue.Capsule(write));
        NvmeTcpReadyToTransfer ready = NvmeTcpReadyToTransfer.Read(queue.Expect(NvmeTcpPduType.ReadyToTransfer).Header);
        queue.Stream.Write(queue.Capsule(NvmeTcpBench.Command(NvmeIoOpcode.Flush) with { CommandId = 5 }));
        Assert.Equal(NvmeStatus.CommandIdConflict.Final, Completion(queue).Status);
        queue.Stream.Write(queue.HostData(5, ready.TransferTag, 0, new byte[512], isLast: true));
        Assert.Equal(NvmeStatus.Success, Completion(queue).Status);
    }

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
    public async Task A_read_with_FUA_puts_on_media_what_it_returns(NvmeIoOpcode opcode)
    {
        await using NvmeTcpBench bench = new();
        byte[] data = NvmeTcpBench.Pattern(4096);
        using (NvmeTcpClient client = bench.Connect())
        {
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(client.Queue, 0, data));
            NvmeCommand read = NvmeTcpBench.Command(opcode, 0, 8).WithForceUnitAccess();
            Assert.Equal(NvmeStatus.Success, client.Queue.Execute(read, default, new byte[opcode == NvmeIoOpcode.Read ? 4096 : 0]).Status);
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

    private static NvmeCompletion Completion(NvmeTcpQueue queue) =>
        NvmeCompletion.Read(queue.Expect(NvmeTcpPduType.Response).Header[NvmeTcpCommonHeader.SizeBytes..]);
}
