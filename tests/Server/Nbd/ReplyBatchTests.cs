using System.Net.Sockets;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Nbd;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>What leaves, and what does not, when the power goes between the execution of a batch and its sending.</summary>
public sealed class ReplyBatchTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("blockemu-batch-");
    private readonly Disk _disk = new(new DiskOptions { Name = "x", SizeBytes = 64 << 20 });
    private readonly Socket _client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ClientSocket _socket;
    private readonly ServedDisk _served;
    private readonly NbdSession _session;
    private readonly ConnectionMemory _memory = new(new BufferBudget(new FrontEndLimits()), () => { });
    private readonly ReplyBatch _batch;

    public ReplyBatchTests()
    {
        var endPoint = new UnixDomainSocketEndPoint(Path.Combine(_directory.FullName, "s"));
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(endPoint);
        listener.Listen();
        _client.Connect(endPoint);
        _client.ReceiveTimeout = (int)NbdBench.Patience.TotalMilliseconds;
        _socket = new ClientSocket(listener.Accept());
        _served = new ServedDisk(_disk);
        _session = new NbdSession(_served, new NbdSessionTerms(ExportDescription.Describe(_served)), _served.Meter.Open("nbd"));
        _batch = new ReplyBatch(_session, _socket, _memory);
    }

    private static bool TryReserve(ReplyBatch batch, int dataBytes, out Span<byte> data)
    {
        bool isShort = false;
        return batch.TryReserve(dataBytes, out data, ref isShort);
    }

    [Fact]
    public void A_batch_leaves_whole_and_in_order()
    {
        Gather();
        Assert.True(_batch.Send());
        _socket.Dispose();
        Assert.Equal(
            "67446698" + "00000000" + "0000000000000001" + "67446698" + "00000000" + "0000000000000002" + "AABB"
            + "67446698" + "00000016" + "0000000000000003",
            Convert.ToHexString(Arrived()));
    }

    [Theory]
    [InlineData(OffBehaviour.Hang, SessionEnd.Silence)]
    [InlineData(OffBehaviour.Reset, SessionEnd.Reset)]
    public void Replies_gathered_before_the_power_went_are_dropped(OffBehaviour behaviour, object end)
    {
        Gather();
        CutPower(behaviour);
        Assert.False(_batch.Send());
        Assert.Equal((SessionEnd)end, _batch.End);
        _socket.Dispose();
        Assert.Empty(Arrived());
        Assert.Equal(0, Assert.Single(_served.Meter.Read()).Succeeded.Sum());
    }

    [Fact]
    public void Replies_gathered_before_the_power_went_become_ESHUTDOWN_without_data()
    {
        Gather();
        CutPower(OffBehaviour.Error);
        Assert.True(_batch.Send());
        _socket.Dispose();
        Assert.Equal(
            "67446698" + "0000006C" + "0000000000000001" + "67446698" + "0000006C" + "0000000000000002"
            + "67446698" + "0000006C" + "0000000000000003",
            Convert.ToHexString(Arrived()));
        Assert.Equal(0, Assert.Single(_served.Meter.Read()).Succeeded.Sum());
    }

    [Theory]
    [InlineData(OffBehaviour.Hang)]
    [InlineData(OffBehaviour.Error)]
    public void When_the_power_has_returned_the_session_is_reset(OffBehaviour behaviour)
    {
        Gather();
        CutPower(behaviour);
        _disk.PowerOn();
        Assert.False(_batch.Send());
        Assert.Equal(SessionEnd.Reset, _batch.End);
    }

    [Fact]
    public void The_gate_is_not_passed_while_a_send_is_under_way()
    {
        Assert.True(TryReserve(_batch, 32 << 20, out Span<byte> data));
        data.Fill(1);
        _batch.AddData(new BatchedReply(1, DiskOperation.Read, true, false, data.Length), data.Length);
        bool sent = true;
        var sender = new Thread(() => sent = _batch.Send());
        sender.Start();

        // The header has arrived, so the send is under way; nobody reads the rest, so it stays there.
        _client.Receive(new byte[NbdSimpleReply.SizeBytes]);
        Assert.False(_batch.TryPassGate(TimeSpan.FromMilliseconds(1)));
        _socket.Reset();
        sender.Join();
        Assert.False(sent);
        Assert.True(_batch.TryPassGate(TimeSpan.Zero));
    }

    [Fact]
    public void A_full_batch_is_sent_to_make_room()
    {
        var reader = new Thread(() => Assert.Equal(3 * (16 + 131_072), Arrived().Length));
        reader.Start();
        for (ulong cookie = 0; cookie < 3; cookie++)
        {
            Assert.True(TryReserve(_batch, 131_072, out _));
            _batch.AddData(new BatchedReply(cookie, DiskOperation.Read, true, false, 131_072), 131_072);
        }

        Assert.Equal(1, Assert.Single(_served.Meter.Read()).InFlight);
        Assert.True(_batch.Send());
        _socket.Dispose();
        reader.Join();
    }

    [Theory]
    [InlineData(NbdReplyStyle.Simple)]
    [InlineData(NbdReplyStyle.Structured)]
    [InlineData(NbdReplyStyle.Extended)]
    public void Gathering_the_replies_to_READs_allocates_nothing(NbdReplyStyle style)
    {
        const int dataBytes = 16;
        const ulong replies = 900;
        NbdSessionTerms terms = new(ExportDescription.Describe(_served)) { Replies = style };
        var batch = new ReplyBatch(new NbdSession(_served, terms, _served.Meter.Open("nbd")), _socket, _memory);
        var reader = new Thread(() => Arrived());
        reader.Start();
        GatherReads();
        Assert.True(batch.Send());
        long before = GC.GetAllocatedBytesForCurrentThread();
        GatherReads();
        long allocatedBytes = GC.GetAllocatedBytesForCurrentThread() - before;
        _socket.Dispose();
        reader.Join();
        Assert.Equal(0, allocatedBytes);

        void GatherReads()
        {
            for (ulong cookie = 0; cookie < replies; cookie++)
            {
                var reply = new BatchedReply(cookie, DiskOperation.Read, true, false, dataBytes);
                bool goesOn = TryReserve(batch, dataBytes, out _);
                batch.AddData(reply, dataBytes, isHole: goesOn && style != NbdReplyStyle.Simple && cookie % 2 == 0);
            }
        }
    }

    public void Dispose()
    {
        _socket.Dispose();
        _client.Dispose();
        _disk.Dispose();
        _directory.Delete(recursive: true);
    }

    /// <summary>A write, a read of two bytes and a refusal.</summary>
    private void Gather()
    {
        _batch.Start();
        Assert.True(_batch.Add(new BatchedReply(1, DiskOperation.Write, true, false, 512), NbdRefusal.None));
        Assert.True(TryReserve(_batch, 2, out Span<byte> data));
        (data[0], data[1]) = (0xAA, 0xBB);
        _batch.AddData(new BatchedReply(2, DiskOperation.Read, true, false, 2), 2);
        Assert.True(_batch.Add(new BatchedReply(3, null, false, false, 0), new NbdRefusal(NbdError.InvalidArgument)));
    }

    private void CutPower(OffBehaviour behaviour)
    {
        _served.OffBehaviour = behaviour;
        _disk.Cut();
        _session.LosePower();
    }

    private byte[] Arrived()
    {
        using var stream = new NetworkStream(_client);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
