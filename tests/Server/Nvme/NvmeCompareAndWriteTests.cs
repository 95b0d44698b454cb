using BlockEmu.Device.Geometry;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;
using BlockEmu.Server.Tests.NvmeTcp;

namespace BlockEmu.Server.Tests.Nvme;

public sealed class NvmeCompareAndWriteTests
{
    [Theory]
    [InlineData(0, 8, true)]
    [InlineData(0, 9, false)]
    [InlineData(60, 4, true)]
    [InlineData(60, 5, false)]
    public async Task Beyond_what_is_promised_it_is_refused_and_nothing_is_written(ulong lba, int blocks, bool isTaken)
    {
        AtomicityParameters atomicity = new() { AcwuBytes = 4096, NabspfBytes = 32_768 };
        await using NvmeTcpBench bench = new(change: o => o with { Atomicity = atomicity });
        using NvmeTcpClient client = bench.Connect();
        byte[] old = new byte[blocks * NvmeTcpBench.BlockBytes];
        byte[] data = NvmeTcpBench.Pattern(old.Length);
        Send(1, NvmeIoOpcode.Compare, NvmeFuse.First, old);
        Send(2, NvmeIoOpcode.Write, NvmeFuse.Second, data);
        (NvmeStatus, NvmeStatus) answers = (client.Queue.Wait(1).Status, client.Queue.Wait(2).Status);
        Assert.Equal(
            isTaken ? (NvmeStatus.Success, NvmeStatus.Success) : (NvmeStatus.AtomicWriteUnitExceeded.Final, NvmeStatus.FusedFailed.Final), answers);
        Assert.Equal(isTaken ? data : old, NvmeTcpBench.Read(client.Queue, lba, old.Length));

        void Send(ushort commandId, NvmeIoOpcode opcode, NvmeFuse fuse, byte[] bytes)
        {
            NvmeCommand command = NvmeTcpBench.Command(opcode, lba, blocks) with
            {
                CommandId = commandId,
                Fuse = fuse,
                Data = NvmeSgl.InCapsule((uint)bytes.Length),
            };
            client.Queue.Send(command, bytes, default, 0);
        }
    }
}
