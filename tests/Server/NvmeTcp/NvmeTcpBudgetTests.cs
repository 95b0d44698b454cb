using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Tests.NvmeTcp;

/// <summary>What hosts announce costs nothing; what they are asked for comes from the budget.</summary>
public sealed class NvmeTcpBudgetTests
{
    private const int LargestBytes = 1 << 20;

    // Three quarters of a half of it are for large requests: three writes of 1 MiB.
    private static readonly FrontEndLimits s_small = new() { MaxBufferBytes = 8 << 20, StallPatience = TimeSpan.FromMilliseconds(200) };

    [Fact]
    public async Task Writes_wait_for_memory_in_their_order()
    {
        await using NvmeTcpBench bench = new(s_small);
        using NvmeTcpClient client = bench.Connect();
        NvmeTcpQueue queue = client.Queue;
        queue.HoldsReadyToTransfers = true;
        byte[][] data = [.. Enumerable.Range(0, 20).Select(i => NvmeTcpBench.Pattern(LargestBytes, (byte)i))];
        ushort[] writes = [.. data.Select((d, i) => queue.Submit(NvmeTcpBench.Command(NvmeIoOpcode.Write, (ulong)i * 2048, 2048), d))];
        NvmeTcpReadyToTransfer[] asked = [.. Enumerable.Range(0, 3).Select(_ => queue.WaitForReadyToTransfer())];

        // A command after them passes all that wait, and no fourth was asked for.
        Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Flush(queue));
        Assert.InRange(bench.FrontEnd.BufferBytes, 3 * LargestBytes, (3 * LargestBytes) + (1 << 20));
        Assert.Equal(writes[..3], asked.Select(a => a.CommandId));
        Array.ForEach(asked, a => queue.Answer(a));
        for (int i = 3; i < writes.Length; i++)
        {
            NvmeTcpReadyToTransfer next = queue.WaitForReadyToTransfer();
            Assert.Equal(writes[i], next.CommandId);
            queue.Answer(next);
        }

        Assert.All(writes, w => Assert.Equal(NvmeStatus.Success, queue.Wait(w).Status));
        for (int i = 0; i < data.Length; i++)
        {
            Assert.Equal(data[i], bench.Peek((long)i * LargestBytes, LargestBytes));
        }
    }

    [Fact]
    public async Task A_host_that_does_not_send_what_it_announced_loses_its_connection_when_others_wait()
    {
        await using NvmeTcpBench bench = new(s_small);
        using NvmeTcpClient stalled = bench.Connect();
        stalled.Queue.HoldsReadyToTransfers = true;
        for (int i = 0; i < 3; i++)
        {
            stalled.Queue.Submit(NvmeTcpBench.Command(NvmeIoOpcode.Write, 0, 2048), new byte[LargestBytes]);
            stalled.Queue.WaitForReadyToTransfer();
        }

        using NvmeTcpClient other = bench.Connect(o => o with { HostId = 2 });
        byte[] data = NvmeTcpBench.Pattern(LargestBytes);
        Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(other.Queue, 0, data));
        Assert.Equal(data, bench.Peek(0, LargestBytes));
        Assert.Equal(1, bench.CountErrors("stalled"));
        Assert.ThrowsAny<IOException>(() => NvmeTcpBench.Flush(stalled.Queue));
    }

    [Theory]
    [InlineData(false, NvmeTcpDigests.None)]
    [InlineData(true, NvmeTcpDigests.None)]
    [InlineData(false, NvmeTcpDigests.Header | NvmeTcpDigests.Data)]
    public async Task Hosts_that_take_nothing_keep_nobody_waiting(bool disablesFlowControl, NvmeTcpDigests digests)
    {
        await using NvmeTcpBench bench = new(s_small with { StallPatience = TimeSpan.FromHours(1) });
        byte[] data = NvmeTcpBench.Pattern(LargestBytes);
        Assert.Equal(Device.DiskStatus.Ok, bench.First.Disk.Write(bench.First.Disk.PowerEpoch, 0, data, fua: false));
        using NvmeTcpClient stalled = bench.Connect(o => o with { QueueCount = 60 });
        foreach (NvmeTcpQueue queue in stalled.Queues)
        {
            for (int i = 0; i < 32; i++)
            {
                queue.Submit(NvmeTcpBench.Command(NvmeIoOpcode.Read, 0, LargestBytes / 512), default, LargestBytes);
            }
        }

        Assert.True(SpinWait.SpinUntil(() => bench.FrontEnd.BufferBytes >= 2 * LargestBytes, NvmeTcpBench.Patience));
        using NvmeTcpClient good = bench.Connect(o => o with { HostId = 2, DisablesFlowControl = disablesFlowControl, Digests = digests });
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(data, NvmeTcpBench.Read(good.Queue, 0, LargestBytes));
            Assert.Equal(data[512..100_864], NvmeTcpBench.Read(good.Queue, 1, 100_352));
        }

        Assert.Equal(0, bench.CountErrors("stalled"));
    }

    [Fact]
    public async Task Hosts_that_announce_and_send_nothing_keep_nobody_waiting()
    {
        await using NvmeTcpBench bench = new(new FrontEndLimits { StallPatience = TimeSpan.FromHours(1) });
        using NvmeTcpClient stalled = bench.Connect(o => o with { QueueCount = 60 });
        foreach (NvmeTcpQueue queue in stalled.Queues)
        {
            queue.HoldsReadyToTransfers = true;
            for (int i = 0; i < 100; i++)
            {
                queue.Submit(NvmeTcpBench.Command(NvmeIoOpcode.Write, 0, LargestBytes / 512), new byte[LargestBytes]);
            }
        }

        // Each has been asked for something.
        foreach (NvmeTcpQueue queue in stalled.Queues)
        {
            queue.WaitForReadyToTransfer();
        }

        using NvmeTcpClient good = bench.Connect(o => o with { HostId = 2 });
        byte[] data = NvmeTcpBench.Pattern(LargestBytes);
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(good.Queue, 0, data));
        }

        Assert.Equal(data, bench.Peek(0, LargestBytes));
        Assert.Equal(0, bench.CountErrors("stalled"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_pair_of_which_only_one_half_has_memory_is_to_be_tried_again(bool firstWaits)
    {
        // So little that a second payload finds no room beside the first.
        await using NvmeTcpBench bench = new(s_small with { MaxBufferBytes = 8192 });
        using NvmeTcpClient client = bench.Connect();
        NvmeTcpQueue queue = client.Queue;
        byte[] data = new byte[4096];
        Submit(1, NvmeTcpBench.Command(NvmeIoOpcode.Compare, 0, 8) with { Fuse = NvmeFuse.First }, firstWaits);
        Submit(2, NvmeTcpBench.Command(NvmeIoOpcode.Write, 0, 8) with { Fuse = NvmeFuse.Second }, waits: true);
        NvmeStatus first = queue.Wait(1).Status;
        Assert.Equal((NvmeStatus.FusedFailed, NvmeStatus.CommandInterrupted), (first, queue.Wait(2).Status));
        Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(queue, 0, NvmeTcpBench.Pattern(65_536)));
        Assert.Equal(NvmeTcpBench.Pattern(65_536), NvmeTcpBench.Read(queue, 0, 65_536));

        void Submit(ushort commandId, NvmeCommand command, bool waits)
        {
            NvmeSgl sgl = waits ? NvmeSgl.Transport(4096) : NvmeSgl.InCapsule(4096);
            queue.Send(command with { CommandId = commandId, Data = sgl }, waits ? default : data, waits ? data : default, 0);
        }
    }

    [Fact]
    public async Task What_was_held_goes_back_with_the_connection()
    {
        await using NvmeTcpBench bench = new(s_small with { IdlePatience = TimeSpan.FromMilliseconds(1) });
        for (int i = 0; i < 10; i++)
        {
            using NvmeTcpClient client = bench.Connect();
            client.Queue.HoldsReadyToTransfers = true;
            client.Queue.Submit(NvmeTcpBench.Command(NvmeIoOpcode.Write, 0, 2048), new byte[LargestBytes]);
            NvmeTcpReadyToTransfer ready = client.Queue.WaitForReadyToTransfer();
            client.Queue.Stream.Write(client.Queue.HostData(ready.CommandId, ready.TransferTag, 0, new byte[512], isLast: false));
        }

        Assert.True(SpinWait.SpinUntil(() => bench.FrontEnd.BufferBytes == 0, NvmeTcpBench.Patience), $"{bench.FrontEnd.BufferBytes}");
    }
}
