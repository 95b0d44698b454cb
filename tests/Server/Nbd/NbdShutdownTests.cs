using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Nbd;
using BlockEmu.Server.Tests.Support;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>What a connection's requests and options are answered with while the server stops.</summary>
public sealed class NbdShutdownTests : IDisposable
{
    private const int HeldBytes = 100;

    private readonly Disk _disk = new(new DiskOptions { Name = "x", SizeBytes = 1 << 20, Seed = 7 });
    private readonly SocketPair _pair = new(NbdBench.Patience);
    private readonly ClientSocket _socket;
    private readonly ServedDisk _served;
    private readonly NbdSession _session;
    private readonly ConnectionMemory _memory = new(new BufferBudget(new FrontEndLimits()), () => { });
    private volatile bool _isStopping;

    public NbdShutdownTests()
    {
        _socket = new ClientSocket(_pair.Server);
        _served = new ServedDisk(_disk);
        _session = new NbdSession(_served, new NbdSessionTerms(ExportDescription.Describe(_served)), _served.Meter.Open("nbd"));
    }

    [Fact]
    public async Task E2_requests_received_after_the_stop_get_ESHUTDOWN_then_the_connection_closes()
    {
        Task<SessionEnd> loop = RunAsync(CreateLoop(() => _isStopping));
        _pair.Stream.Write(NbdBench.Request(NbdCommand.Write, 1, 4096, 512, NbdBench.Pattern(512)));
        Assert.Equal(new NbdSimpleReply(NbdError.None, 1), NbdBench.ReadReply(_pair.Stream));

        // A write has begun: it keeps the connection open, and is refused once it is whole.
        byte[] write = NbdBench.Request(NbdCommand.Write, 2, 0, 512, NbdBench.Pattern(512));
        _pair.Stream.Write(write.AsSpan(..^HeldBytes));
        _isStopping = true;
        _pair.Stream.Write([.. write[^HeldBytes..], .. NbdBench.Request(NbdCommand.Read, 3, 4096, 512), .. NbdBench.Request(NbdCommand.Flush, 4, 0, 0)]);
        for (ulong cookie = 2; cookie <= 4; cookie++)
        {
            Assert.Equal(new NbdSimpleReply(NbdError.Shutdown, cookie), NbdBench.ReadReply(_pair.Stream));
        }

        Assert.Equal(SessionEnd.Close, await loop.WaitAsync(NbdBench.Patience, TestContext.Current.CancellationToken));
        byte[] found = new byte[512];
        Assert.Equal(DiskStatus.Ok, _disk.Read(_disk.PowerEpoch, 0, found));
        Assert.Equal(-1, found.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task E2_a_large_payload_that_was_arriving_at_the_stop_gets_ESHUTDOWN_and_changes_nothing()
    {
        Task<SessionEnd> loop = RunAsync(CreateLoop(() => _isStopping));
        byte[] write = NbdBench.Request(NbdCommand.Write, 1, 0, 256 << 10, NbdBench.Pattern(256 << 10));
        _pair.Stream.Write(write.AsSpan(..^HeldBytes));
        _isStopping = true;
        _pair.Stream.Write([.. write[^HeldBytes..], .. NbdBench.Request(NbdCommand.Flush, 2, 0, 0)]);
        Assert.Equal(new NbdSimpleReply(NbdError.Shutdown, 1), NbdBench.ReadReply(_pair.Stream));
        Assert.Equal(new NbdSimpleReply(NbdError.Shutdown, 2), NbdBench.ReadReply(_pair.Stream));
        Assert.Equal(SessionEnd.Close, await loop.WaitAsync(NbdBench.Patience, TestContext.Current.CancellationToken));
        byte[] found = new byte[4096];
        Assert.Equal(DiskStatus.Ok, _disk.Read(_disk.PowerEpoch, 0, found));
        Assert.Equal(-1, found.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task E2_a_payload_that_is_read_over_at_the_stop_keeps_the_stream_in_step()
    {
        Task<SessionEnd> loop = RunAsync(CreateLoop(() => _isStopping));
        byte[] outside = NbdBench.Request(NbdCommand.Write, 1, 1 << 20, 512, NbdBench.Pattern(512));
        _pair.Stream.Write(outside.AsSpan(..^HeldBytes));
        _isStopping = true;
        _pair.Stream.Write([.. outside[^HeldBytes..], .. NbdBench.Request(NbdCommand.Flush, 2, 0, 0)]);
        Assert.Equal(1ul, NbdBench.ReadReply(_pair.Stream).Cookie);
        Assert.Equal(new NbdSimpleReply(NbdError.Shutdown, 2), NbdBench.ReadReply(_pair.Stream));
        Assert.Equal(SessionEnd.Close, await loop.WaitAsync(NbdBench.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task E2_what_was_received_before_the_stop_is_carried_out_and_answered()
    {
        // The stop comes between the receive, which asks twice, and the batch's end.
        int asked = 0;
        RequestLoop loop = CreateLoop(() => Interlocked.Increment(ref asked) > 2);
        _pair.Stream.Write([.. NbdBench.Request(NbdCommand.Write, 1, 0, 512, NbdBench.Pattern(512)), .. NbdBench.Request(NbdCommand.Flush, 2, 0, 0)]);
        Assert.Equal(SessionEnd.Close, await RunAsync(loop).WaitAsync(NbdBench.Patience, TestContext.Current.CancellationToken));
        Assert.Equal(new NbdSimpleReply(NbdError.None, 1), NbdBench.ReadReply(_pair.Stream));
        Assert.Equal(new NbdSimpleReply(NbdError.None, 2), NbdBench.ReadReply(_pair.Stream));
    }

    [Fact]
    public async Task E2_a_disconnect_after_the_stop_closes_without_a_reply()
    {
        Task<SessionEnd> loop = RunAsync(CreateLoop(() => _isStopping));
        byte[] bye = NbdBench.Request(NbdCommand.Disconnect, 1, 0, 0);
        _pair.Stream.Write(bye.AsSpan(..4));
        _isStopping = true;
        _pair.Stream.Write(bye.AsSpan(4..));
        Assert.Equal(SessionEnd.Close, await loop.WaitAsync(NbdBench.Patience, TestContext.Current.CancellationToken));
        _socket.Dispose();
        Assert.Equal(0, NbdBench.ReadToEnd(_pair.Stream).Bytes);
    }

    [Fact]
    public async Task O9_options_received_after_the_stop_get_ERR_SHUTDOWN()
    {
        DiskRegistry disks = new();
        Assert.True(disks.TryAdd(_served));
        Haggling haggling = new(disks, _socket, NbdTlsMode.Off, static () => null, () => _isStopping, static () => { });
        Task<NbdNegotiationOutcome?> outcome = Task.Factory.StartNew(
            haggling.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        using NbdClient client = new(_pair.Stream);
        Assert.Single(client.List());
        _isStopping = true;
        Assert.Equal(NbdOptionReplyType.ErrorShutdown, Assert.Throws<NbdNegotiationException>(() => client.Go("x")).Error);
        Assert.Equal(NbdOptionReplyType.Ack, client.Haggling.Ask(NbdOption.Abort)[^1].Type);
        Assert.Equal(
            NbdNegotiationOutcome.Aborted, await outcome.WaitAsync(NbdBench.Patience, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task E2_a_live_server_receives_to_its_end_what_has_begun(bool unix)
    {
        await using var bench = new NbdBench();
        using NbdClient client = bench.Open(unix: unix);
        byte[] write = NbdBench.Request(NbdCommand.Write, 2, 0, 512, NbdBench.Pattern(512));
        client.Stream.Write([.. NbdBench.Request(NbdCommand.Flush, 1, 0, 0), .. write[..^HeldBytes]]);

        // The answer leaves before the loop waits for the rest, so the stop finds it in the middle of a request.
        Assert.Equal(new NbdSimpleReply(NbdError.None, 1), NbdBench.ReadReply(client.Stream));
        Task stopped = bench.FrontEnd.StopAsync(NbdBench.Patience);
        client.Stream.Write(write.AsSpan(^HeldBytes..));
        Assert.Equal(2ul, NbdBench.ReadReply(client.Stream).Cookie);
        Assert.Equal((0, false), NbdBench.ReadToEnd(client.Stream));
        await stopped.WaitAsync(NbdBench.Patience, TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        _socket.Dispose();
        _pair.Dispose();
        _disk.Dispose();
    }

    private RequestLoop CreateLoop(Func<bool> isStopping)
    {
        _socket.LimitReceives(1000);
        return new RequestLoop(_session, _socket, new ReplyBatch(_session, _socket, _memory), _memory, new ProtocolErrors(), isStopping);
    }

    private SessionEnd RunToEnd(RequestLoop loop)
    {
        SessionEnd end;
        while ((end = loop.Run()) == SessionEnd.None)
        {
            _socket.WaitUntilReadable(-1);
        }

        return end;
    }

    private Task<SessionEnd> RunAsync(RequestLoop loop) =>
        Task.Factory.StartNew(
        () => RunToEnd(loop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
