using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Server.Tests.NvmeTcp;

/// <summary>Commands of an I/O queue that cannot be: the exact status of each.</summary>
public sealed class NvmeTcpRefusalLiveTests
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

    private static NvmeCompletion Completion(NvmeTcpQueue queue) =>
        NvmeCompletion.Read(queue.Expect(NvmeTcpPduType.Response).Header[NvmeTcpCommonHeader.SizeBytes..]);
}
