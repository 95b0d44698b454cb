using System.Net.Sockets;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Server.Tests.NvmeTcp;

/// <summary>What a host must not send: the exact FES and FEI, then the end of the connection, and no effect on others.</summary>
public sealed class NvmeTcpHostileLiveTests
{
    public static TheoryData<string, byte[], NvmeTcpFatalStatus, uint> BeforeConnect()
    {
        byte[] request = Initialize();
        byte[] longer = [.. request, 0];
        longer[4] = 129;
        byte[] version = [.. request];
        version[8] = 1;
        byte[] alignment = [.. request];
        alignment[10] = 32;
        byte[] header = [.. request];
        header[2] = 24;
        return new()
        {
            { "a response", [1, 0, 128, 0, 128, 0, 0, 0], NvmeTcpFatalStatus.InvalidHeaderField, 0 },
            { "HTTP", "GET / HTTP/1.1\r\n\r\n"u8.ToArray(), NvmeTcpFatalStatus.InvalidHeaderField, 0 },
            { "a command", [4, 0, 72, 0, 72, 0, 0, 0], NvmeTcpFatalStatus.SequenceError, 0 },
            { "data", [6, 0, 24, 24, 0, 2, 0, 0], NvmeTcpFatalStatus.SequenceError, 0 },
            { "HLEN", header, NvmeTcpFatalStatus.InvalidHeaderField, 2 },
            { "PLEN", longer, NvmeTcpFatalStatus.InvalidHeaderField, 4 },
            { "PFV", version, NvmeTcpFatalStatus.UnsupportedParameter, 8 },
            { "HPDA", alignment, NvmeTcpFatalStatus.InvalidHeaderField, 10 },
            { "twice", [.. request, .. request], NvmeTcpFatalStatus.SequenceError, 0 },
        };
    }

    [Theory]
    [MemberData(nameof(BeforeConnect))]
    public async Task Before_there_is_a_queue(string what, byte[] bytes, NvmeTcpFatalStatus status, uint information)
    {
        await using NvmeTcpBench bench = new();
        using NetworkStream stream = bench.OpenStream();
        stream.Write(bytes);
        NvmeTcpPdu pdu = NvmeTcpPdu.Receive(stream);
        if (pdu.Common.Type == NvmeTcpPduType.InitializeResponse)
        {
            pdu = NvmeTcpPdu.Receive(stream);
        }

        AssertEnd(what, stream, pdu, new NvmeTcpFault(status, information));
        Assert.Single(bench.ProtocolErrors.Read());
    }

    [Fact]
    public async Task A_header_at_fault_comes_back_behind_what_is_wrong_with_it()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect(o => o with { Digests = NvmeTcpDigests.Header });
        byte[] capsule = client.Queue.Capsule(NvmeTcpBench.Command(NvmeIoOpcode.Flush));
        capsule[30] ^= 0x10;
        client.Queue.Stream.Write(capsule);
        NvmeTcpPdu pdu = client.Queue.Expect(NvmeTcpPduType.ControllerTerminate);
        Assert.Equal(capsule[..72], pdu.Bytes[24..].ToArray());
        AssertEnd("digest", client.Queue.Stream, pdu, new NvmeTcpFault(NvmeTcpFatalStatus.HeaderDigestError, BitConverter.ToUInt32(capsule, 72)));
        Assert.Equal(1, bench.CountErrors("header_digest"));
    }

    [Theory]
    [InlineData(0, NvmeTcpFatalStatus.InvalidHeaderField, 10u)] // another tag
    [InlineData(1, NvmeTcpFatalStatus.InvalidHeaderField, 8u)] // another command
    [InlineData(2, NvmeTcpFatalStatus.SequenceError, 0u)] // a hole
    [InlineData(3, NvmeTcpFatalStatus.DataOutOfRange, 0u)] // past the end
    [InlineData(4, NvmeTcpFatalStatus.InvalidHeaderField, 1u)] // the last one too early
    [InlineData(5, NvmeTcpFatalStatus.InvalidHeaderField, 1u)] // the end without LAST
    [InlineData(6, NvmeTcpFatalStatus.InvalidHeaderField, 10u)] // what was whole already
    public async Task Data_that_was_not_asked_for(int kind, NvmeTcpFatalStatus status, uint information)
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        using NvmeTcpClient other = bench.Connect(o => o with { HostId = 2 });
        NvmeTcpQueue queue = client.Queue;
        queue.Stream.Write(queue.Capsule(NvmeTcpBench.Command(NvmeIoOpcode.Write, 0, 16) with { CommandId = 5, Data = NvmeSgl.Transport(8192) }));
        ushort tag = NvmeTcpReadyToTransfer.Read(queue.Expect(NvmeTcpPduType.ReadyToTransfer).Header).TransferTag;
        byte[] half = NvmeTcpBench.Pattern(4096);
        byte[] bad = kind switch
        {
            0 => queue.HostData(5, (ushort)(tag + 1), 0, half, false),
            1 => queue.HostData(6, tag, 0, half, false),
            2 => queue.HostData(5, tag, 4096, half, true),
            3 => queue.HostData(5, tag, 4096, new byte[8192], true),
            4 => queue.HostData(5, tag, 0, half, true),
            5 => queue.HostData(5, tag, 0, new byte[8192], false),
            _ => [.. queue.HostData(5, tag, 0, new byte[8192], true), .. queue.HostData(5, tag, 0, half, true)],
        };
        queue.Stream.Write(bad);
        if (kind == 6)
        {
            queue.Expect(NvmeTcpPduType.Response);
        }

        AssertEnd($"{kind}", queue.Stream, queue.Expect(NvmeTcpPduType.ControllerTerminate), new NvmeTcpFault(status, information));

        // The other host does not notice, and nothing was written.
        Assert.Equal(new byte[8192], NvmeTcpBench.Read(other.Queue, 0, 8192));
        SpinWait.SpinUntil(() => bench.First.Meter.ConnectionCount == 1, NvmeTcpBench.Patience);
        Assert.Equal(1, bench.First.Meter.ConnectionCount);
    }

    [Fact]
    public async Task More_commands_than_the_queue_has_entries()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect(o => o with { QueueEntries = 4 });
        NvmeTcpQueue queue = client.Queue;
        for (ushort i = 1; i <= 5; i++)
        {
            queue.Stream.Write(queue.Capsule(NvmeTcpBench.Command(NvmeIoOpcode.Write) with { CommandId = i, Data = NvmeSgl.Transport(512) }));
        }

        for (int i = 0; i < 4; i++)
        {
            queue.Expect(NvmeTcpPduType.ReadyToTransfer);
        }

        AssertEnd("full", queue.Stream, queue.Expect(NvmeTcpPduType.ControllerTerminate), NvmeTcpFault.Sequence);
    }

    [Fact]
    public async Task A_capsule_larger_than_the_queue_takes()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        NvmeTcpQueue queue = client.Queue;
        byte[] capsule = queue.Capsule(NvmeTcpBench.Command(NvmeIoOpcode.Write, 0, 33) with { Data = NvmeSgl.InCapsule(33 * 512) }, new byte[33 * 512]);
        queue.Stream.Write(capsule.AsSpan(0, 72));
        AssertEnd("capsule", queue.Stream, queue.Expect(NvmeTcpPduType.ControllerTerminate), NvmeTcpFault.Field(4));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Damaged_data_fails_its_command_and_nothing_else(bool inCapsule)
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect(o => o with { Digests = NvmeTcpDigests.Data });
        NvmeTcpQueue queue = client.Queue;
        byte[] data = NvmeTcpBench.Pattern(512);
        NvmeSgl sgl = inCapsule ? NvmeSgl.InCapsule(512) : NvmeSgl.Transport(512);
        byte[] bytes = queue.Capsule(NvmeTcpBench.Command(NvmeIoOpcode.Write) with { CommandId = 9, Data = sgl }, inCapsule ? data : default);
        if (!inCapsule)
        {
            queue.Stream.Write(bytes);
            ushort tag = NvmeTcpReadyToTransfer.Read(queue.Expect(NvmeTcpPduType.ReadyToTransfer).Header).TransferTag;
            bytes = queue.HostData(9, tag, 0, data, isLast: true);
        }

        bytes[^100] ^= 4;
        queue.Stream.Write(bytes);
        NvmeCompletion completion = NvmeCompletion.Read(queue.Expect(NvmeTcpPduType.Response).Header[NvmeTcpCommonHeader.SizeBytes..]);
        Assert.Equal((9, NvmeStatus.TransientTransportError), (completion.CommandId, completion.Status));
        Assert.Equal(1, bench.CountErrors("data_digest"));
        Assert.Equal(NvmeStatus.Success, NvmeTcpBench.Write(queue, 0, data));
        Assert.Equal(data, NvmeTcpBench.Read(queue, 0, 512));
    }

    [Fact]
    public async Task A_host_that_terminates_is_let_go()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpClient client = bench.Connect();
        byte[] terminate = new byte[NvmeTcpTerminate.MaxSizeBytes];
        int bytes = new NvmeTcpTerminate(true, NvmeTcpFault.Sequence).Write(terminate, new byte[24]);
        client.Queue.Stream.Write(terminate.AsSpan(0, bytes));
        Assert.Equal(0, ReadToEnd(client.Queue.Stream));
        Assert.Equal(1, bench.CountErrors("host_terminated"));
        client.GetProperty(NvmeProperty.Status);
    }

    [Fact]
    public async Task Commands_before_Connect()
    {
        await using NvmeTcpBench bench = new();
        using NvmeTcpQueue queue = NvmeTcpQueue.Open(bench.Endpoint.EndPoint, NvmeTcpBench.Options());
        Assert.Equal(NvmeStatus.CommandSequenceError.Final, NvmeTcpBench.Write(queue, 0, new byte[512]));
        Assert.Equal(NvmeStatus.CommandSequenceError.Final, queue.Execute(NvmePropertyAccess.Get(NvmeProperty.Status, 0)).Status);
        NvmeConnect connect = new(0, 0, 32, false, 0);
        Assert.Equal(NvmeStatus.SglTypeInvalid.Final, queue.Execute(connect.ToCommand(0), new byte[8193]).Status);
        Assert.Equal(NvmeStatus.SglLengthInvalid.Final, queue.Execute(connect.ToCommand(0), new byte[512]).Status);
    }

    private static byte[] Initialize()
    {
        byte[] bytes = new byte[NvmeTcpInitializeRequest.SizeBytes];
        new NvmeTcpInitializeRequest(0, 0, NvmeTcpDigests.None, 0).Write(bytes);
        return bytes;
    }

    private static void AssertEnd(string what, Stream stream, NvmeTcpPdu pdu, NvmeTcpFault fault)
    {
        Assert.True(pdu.Common.Type == NvmeTcpPduType.ControllerTerminate, $"{what}: {pdu.Common.Type}");
        Assert.Equal(new NvmeTcpTerminate(false, fault), NvmeTcpTerminate.Read(pdu.Header));
        Assert.Equal(0, ReadToEnd(stream));
    }

    private static long ReadToEnd(Stream stream)
    {
        try
        {
            return stream.Read(new byte[1]);
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return 0;
        }
    }
}
