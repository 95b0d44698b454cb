using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Server.Tests.NvmeTcp;

/// <summary>Compare and Write: one command in two, which Linux cannot send.</summary>
public sealed class NvmeTcpFusedLiveTests
{
    private static readonly byte[] s_old = NvmeTcpBench.Pattern(4096, 1);
    private static readonly byte[] s_new = NvmeTcpBench.Pattern(4096, 2);

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task It_writes_if_the_comparison_holds(bool compareWaits, bool writeWaits)
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        NvmeTcpQueue queue = client.Queue;
        Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(queue, 0, s_old));
        Submit(queue, 1, Compare(), s_old, compareWaits);
        Submit(queue, 2, Write(), s_new, writeWaits);
        Assert.Equal((NvmeStatus.Success, NvmeStatus.Success), (queue.Wait(1).Status, queue.Wait(2).Status));
        Assert.Equal(s_new, NvmeTcpBench.Read(queue, 0, 4096));

        Submit(queue, 3, Compare(), s_old, compareWaits);
        Submit(queue, 4, Write(), s_old, writeWaits);
        Assert.Equal((NvmeStatus.CompareFailure.Final, NvmeStatus.FusedFailed.Final), (queue.Wait(3).Status, queue.Wait(4).Status));
        Assert.Equal(s_new, NvmeTcpBench.Read(queue, 0, 4096));
        Assert.Equal(0, bench.FrontEnd.BufferBytes & ((1 << 16) - 1)); // nothing of the halves is held
    }

    [Fact]
    public async Task A_half_without_the_other_is_told_so()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        NvmeTcpQueue queue = client.Queue;
        Submit(queue, 1, Write(), s_new, waits: false);
        Assert.Equal(NvmeStatus.FusedMissing.Final, queue.Wait(1).Status);

        // Followed by another command, which is carried out.
        Submit(queue, 2, Compare(), s_old, waits: false);
        Submit(queue, 3, NvmeTcpBench.Command(NvmeIoOpcode.Write, 100, 8), s_new, waits: false);
        Submit(queue, 4, Write(), s_new, waits: false);
        Assert.Equal(NvmeStatus.FusedMissing.Final, queue.Wait(2).Status);
        Assert.Equal(NvmeStatus.Success, queue.Wait(3).Status);
        Assert.Equal(NvmeStatus.FusedMissing.Final, queue.Wait(4).Status);
        Assert.Equal(s_new, NvmeTcpBench.Read(queue, 100, 4096));
        Assert.Equal(new byte[4096], NvmeTcpBench.Read(queue, 0, 4096));

        // Two first halves: the second of them may still have its neighbour.
        Submit(queue, 5, Compare(), s_old, waits: false);
        Submit(queue, 6, Compare(), new byte[4096], waits: false);
        Submit(queue, 7, Write(), s_new, waits: false);
        Assert.Equal(NvmeStatus.FusedMissing.Final, queue.Wait(5).Status);
        Assert.Equal((NvmeStatus.Success, NvmeStatus.Success), (queue.Wait(6).Status, queue.Wait(7).Status));
    }

    [Fact]
    public async Task Halves_that_do_not_fit_each_other_do_nothing()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        NvmeTcpQueue queue = client.Queue;
        Submit(queue, 1, Compare(), new byte[4096], waits: false);
        Submit(queue, 2, Write() with { Cdw10 = 8 }, s_new, waits: false);
        Assert.Equal((NvmeStatus.InvalidField.Final, NvmeStatus.InvalidField.Final), (queue.Wait(1).Status, queue.Wait(2).Status));

        // A first half that fails by itself takes its neighbour with it, and the other way round.
        Submit(queue, 3, Compare() with { NamespaceId = 9 }, new byte[4096], waits: false);
        Submit(queue, 4, Write(), s_new, waits: false);
        Assert.Equal(
            (NvmeStatus.InvalidNamespaceOrFormat.Final, NvmeStatus.FusedFailed.Final), (queue.Wait(3).Status, queue.Wait(4).Status));
        Submit(queue, 5, Compare(), new byte[4096], waits: true);
        Submit(queue, 6, Write() with { Cdw12 = 7 | (1u << 29) }, s_new, waits: false);
        Assert.Equal(
            (NvmeStatus.FusedFailed.Final, NvmeStatus.InvalidProtectionInformation.Final), (queue.Wait(5).Status, queue.Wait(6).Status));
        Assert.Equal(new byte[8192], NvmeTcpBench.Read(queue, 0, 8192));
    }

    [Fact]
    public async Task Its_data_may_come_in_any_order_among_other_commands()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        NvmeTcpQueue queue = client.Queue;
        queue.HoldsReadyToTransfers = true;
        Submit(queue, 1, Compare(), new byte[4096], waits: true);
        Submit(queue, 2, Write(), s_new, waits: true);
        NvmeTcpReadyToTransfer compare = queue.WaitForReadyToTransfer();
        NvmeTcpReadyToTransfer write = queue.WaitForReadyToTransfer();
        queue.Answer(write);
        Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Flush(queue));
        Assert.False(queue.IsComplete(2));
        queue.Answer(compare);
        Assert.Equal((NvmeStatus.Success, NvmeStatus.Success), (queue.Wait(1).Status, queue.Wait(2).Status));
        Assert.Equal(s_new, NvmeTcpBench.Read(queue, 0, 4096));
    }

    private static NvmeCommand Compare() => NvmeTcpBench.Command(NvmeIoOpcode.Compare, 0, 8) with { Fuse = NvmeFuse.First };

    private static NvmeCommand Write() => NvmeTcpBench.Command(NvmeIoOpcode.Write, 0, 8) with { Fuse = NvmeFuse.Second };

    private static void Submit(NvmeTcpQueue queue, ushort commandId, in NvmeCommand command, byte[] data, bool waits)
    {
        NvmeSgl sgl = waits ? NvmeSgl.Transport((uint)data.Length) : NvmeSgl.InCapsule((uint)data.Length);
        queue.Send(command with { CommandId = commandId, Data = sgl }, waits ? default : data, waits ? data : default, 0);
    }
}
