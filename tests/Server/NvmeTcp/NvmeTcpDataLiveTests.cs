using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Server.Tests.NvmeTcp;

/// <summary>Data both ways, in every form that the transport has for it.</summary>
public sealed class NvmeTcpDataLiveTests
{
    private const NvmeTcpDigests BothDigests = NvmeTcpDigests.Header | NvmeTcpDigests.Data;

    public static TheoryData<NvmeTcpDigests, bool, bool, int, int> Forms()
    {
        TheoryData<NvmeTcpDigests, bool, bool, int, int> forms = [];
        foreach (NvmeTcpDigests digests in (NvmeTcpDigests[])[NvmeTcpDigests.None, NvmeTcpDigests.Header, NvmeTcpDigests.Data, BothDigests])
        {
            // digests, waits for R2T, without flow control, H2CData bytes, HPDA
            forms.Add(digests, false, false, int.MaxValue, 0);
            forms.Add(digests, true, true, int.MaxValue, 0);
            forms.Add(digests, true, false, 4096, 3);
            forms.Add(digests, true, true, 512, 31);
        }

        return forms;
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task What_is_written_is_read(NvmeTcpDigests digests, bool waits, bool isWithoutFlowControl, int hostDataBytes, int alignment)
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect(o => o with
        {
            Digests = digests,
            WaitsForReadyToTransfer = waits,
            DisablesFlowControl = isWithoutFlowControl,
            HostDataBytes = hostDataBytes,
            DataAlignment = (byte)alignment,
        });
        Assert.Equal(digests, client.Queue.Terms.Digests);
        int[] lengths = [512, 1024, 4096, 12_288, 16_384, 65_536, 1 << 20];
        ulong lba = 3;
        foreach (int length in lengths)
        {
            byte[] data = NvmeTcpBench.Pattern(length, (byte)length);
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(client.Queue, lba, data));
            Assert.Equal(data, NvmeTcpBench.Read(client.Queue, lba, length));
            Assert.Equal(data, bench.Peek((long)lba * NvmeTcpBench.BlockBytes, length));
            lba += (ulong)(length / NvmeTcpBench.BlockBytes);
        }

        Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Flush(client.Queue));
        NvmeCommand read = NvmeTcpBench.Command(NvmeIoOpcode.Read) with { CommandId = 900, Data = NvmeSgl.Transport(512) };
        client.Queue.Stream.Write(client.Queue.Capsule(read));
        NvmeTcpPdu pdu = client.Queue.Expect(NvmeTcpPduType.ControllerData);
        int headBytes = (digests & NvmeTcpDigests.Header) == NvmeTcpDigests.None ? 24 : 28;
        int unitBytes = (alignment + 1) * 4;
        Assert.Equal((headBytes + unitBytes - 1) / unitBytes * unitBytes, pdu.Common.DataOffsetBytes);
        Assert.Empty(bench.ProtocolErrors.Read());
    }

    [Fact]
    public async Task A_queue_without_flow_control_reads_without_response_capsules()
    {
        await using NvmeTcpBench bench = new();
        foreach (bool isWithout in (bool[])[false, true])
        {
            using NvmeTcpClient client = bench.Connect(o => o with { DisablesFlowControl = isWithout });
            NvmeTcpQueue queue = client.Queue;
            NvmeCommand read = NvmeTcpBench.Command(NvmeIoOpcode.Read) with { CommandId = 77, Data = NvmeSgl.Transport(512) };
            queue.Stream.Write(queue.Capsule(read));
            NvmeTcpPdu data = queue.Expect(NvmeTcpPduType.ControllerData);
            NvmeTcpPduFlags success = isWithout ? NvmeTcpPduFlags.Success : NvmeTcpPduFlags.None;
            Assert.Equal(NvmeTcpPduFlags.Last | success, data.Common.Flags);
            if (!isWithout)
            {
                NvmeCompletion completion = NvmeCompletion.Read(queue.Expect(NvmeTcpPduType.Response).Header[8..]);
                Assert.Equal(new NvmeCompletion(0, 2, 1, 77, NvmeStatus.Success), completion); // Connect was the first entry
            }
        }
    }

    [Fact]
    public async Task Other_commands_pass_one_that_waits_for_its_data()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect(o => o with { WaitsForReadyToTransfer = true });
        NvmeTcpQueue queue = client.Queue;
        queue.HoldsReadyToTransfers = true;
        byte[] first = NvmeTcpBench.Pattern(32_768, 1);
        byte[] second = NvmeTcpBench.Pattern(65_536, 2);
        ushort one = queue.Submit(NvmeTcpBench.Command(NvmeIoOpcode.Write, 0, 64), first);
        ushort two = queue.Submit(NvmeTcpBench.Command(NvmeIoOpcode.Write, 1000, 128), second);
        NvmeTcpReadyToTransfer firstReady = queue.WaitForReadyToTransfer();
        NvmeTcpReadyToTransfer secondReady = queue.WaitForReadyToTransfer();
        Assert.Equal((one, 0u, 32_768u), (firstReady.CommandId, firstReady.OffsetBytes, firstReady.LengthBytes));
        Assert.Equal((two, 0u, 65_536u), (secondReady.CommandId, secondReady.OffsetBytes, secondReady.LengthBytes));
        Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Flush(queue));
        Assert.Equal(new byte[512], NvmeTcpBench.Read(queue, 0, 512));

        // Pieces of both by turns, and commands in between.
        for (int i = 0; i < 4; i++)
        {
            queue.Stream.Write(queue.HostData(two, secondReady.TransferTag, (uint)(i * 16_384), second.AsSpan(i * 16_384, 16_384), i == 3));
            Assert.Equal(new byte[512], NvmeTcpBench.Read(queue, 0, 512));
            queue.Stream.Write(queue.HostData(one, firstReady.TransferTag, (uint)(i * 8192), first.AsSpan(i * 8192, 8192), i == 3));
        }

        Assert.Equal(NvmeStatus.Success, queue.Wait(two).Status);
        Assert.Equal(NvmeStatus.Success, queue.Wait(one).Status);
        Assert.Equal(first, bench.Peek(0, first.Length));
        Assert.Equal(second, bench.Peek(512_000, second.Length));
    }

    [Fact]
    public async Task Several_hosts_and_queues_see_one_disk()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient one = bench.Connect(o => o with { QueueCount = 4 });
        using NvmeTcpClient two = bench.Connect(o => o with { HostId = 2, HostNqn = "nqn.2026-11.test:two", Digests = BothDigests });
        for (int i = 0; i < 4; i++)
        {
            byte[] data = NvmeTcpBench.Pattern(4096, (byte)i);
            Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(one.Queues[i], (ulong)i * 8, data));
            Assert.Equal(data, NvmeTcpBench.Read(two.Queue, (ulong)i * 8, 4096));
        }

        Assert.NotEqual(one.ControllerId, two.ControllerId);
    }
}
