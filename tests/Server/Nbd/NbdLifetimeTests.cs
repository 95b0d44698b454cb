using System.Net.Sockets;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>Clients that vanish or stall, limits, sockets, and the server's own end.</summary>
public sealed class NbdLifetimeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task E3_clients_that_vanish_with_large_replies_queued_hurt_nobody(bool unix)
    {
        await using var bench = new NbdBench();
        for (int round = 0; round < 5; round++)
        {
            using (NbdClient client = bench.Open(unix: unix))
            {
                for (ulong i = 0; i < 16; i++)
                {
                    client.Stream.Write(NbdBench.Request(NbdCommand.Read, i, 0, 32 << 20));
                }

                NbdBench.ReadReply(client.Stream);
            }

            using NbdClient half = bench.Open(unix: unix);
            half.Stream.Write(NbdBench.Request(NbdCommand.Write, 1, 0, 4096, new byte[100]));
        }

        SpinWait.SpinUntil(() => bench.FrontEnd.CountConnections(bench.First) == 0, NbdBench.Patience);
        Assert.Equal(0, bench.FrontEnd.CountConnections(bench.First));
        using NbdClient after = bench.Open(unix: unix);
        byte[] read = new byte[4096];
        Assert.Equal(NbdError.None, after.Read(0, read));
        Assert.All(read, b => Assert.Equal(0, b));
    }

    [Fact]
    public async Task A_write_whose_payload_did_not_arrive_whole_has_no_effect()
    {
        await using var bench = new NbdBench();
        using (NbdClient client = bench.Open())
        {
            client.Stream.Write(NbdBench.Request(NbdCommand.Write, 1, 0, 8 << 20, NbdBench.Pattern((8 << 20) - 1)));
        }

        SpinWait.SpinUntil(() => bench.FrontEnd.CountConnections(bench.First) == 0, NbdBench.Patience);
        using NbdClient after = bench.Open();
        byte[] read = new byte[1 << 20];
        Assert.Equal(NbdError.None, after.Read(0, read));
        Assert.Equal(-1, read.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task E4_a_stalled_reader_does_not_hold_up_others()
    {
        await using var bench = new NbdBench();
        using NbdClient stalled = bench.Open();
        for (ulong i = 0; i < 16; i++)
        {
            stalled.Stream.Write(NbdBench.Request(NbdCommand.Read, i, 0, 8 << 20));
        }

        NbdBench.ReadReply(stalled.Stream);
        using NbdClient other = bench.Open();
        Assert.Equal(NbdError.None, other.Write(0, NbdBench.Pattern(4096)));
        Assert.Equal(NbdError.None, other.Flush());
    }

    [Fact]
    public async Task O11_a_handshake_that_takes_too_long_is_ended_and_counted()
    {
        var time = new FiredByHandTime();
        await using var bench = new NbdBench(time: time);
        using NbdClient slow = bench.Connect();
        Assert.Equal(3, slow.List().Count);
        time.FireAll();
        Assert.Equal(0, NbdBench.ReadToEnd(slow.Stream).Bytes);
        Assert.Equal([(("nbd", "handshake_timeout"), 1L)], bench.ProtocolErrors.Read());
        Assert.Equal(TimeSpan.FromSeconds(10), time.LastDueTime);
    }

    [Fact]
    public async Task Each_option_has_a_deadline_of_its_own_within_a_bound_of_all()
    {
        var time = new FiredByHandTime(isStopped: true);
        await using var bench = new NbdBench(time: time);
        using NbdClient slow = bench.Connect();
        TimeSpan left = TimeSpan.FromMinutes(10);
        while (left > TimeSpan.Zero)
        {
            Assert.Equal(3, slow.List().Count);
            TimeSpan next = Assert.Single(time.Changes);
            Assert.Equal(left < TimeSpan.FromSeconds(10) ? left : TimeSpan.FromSeconds(10), next);
            time.Changes.Clear();
            time.Advance(TimeSpan.FromSeconds(9));
            left -= TimeSpan.FromSeconds(9);
        }

        Assert.Equal(3, slow.List().Count);
        Assert.Equal(TimeSpan.Zero, Assert.Single(time.Changes));
    }

    [Fact]
    public async Task O11_the_deadline_ends_with_the_handshake()
    {
        var time = new FiredByHandTime();
        await using var bench = new NbdBench(time: time);
        using NbdClient client = bench.Open();
        Assert.Equal(NbdError.None, client.Flush());
        time.FireAll();
        Assert.Equal(NbdError.None, client.Flush());
    }

    [Fact]
    public async Task O11_connections_above_the_cap_are_reset_and_counted()
    {
        await using var bench = new NbdBench(new FrontEndLimits { MaxConnections = 2 });
        using NbdClient first = bench.Connect();
        using NbdClient second = bench.Connect(unix: true);
        using Stream third = bench.OpenStream();
        Assert.Equal(0, NbdBench.ReadToEnd(third).Bytes);
        Assert.Contains(bench.ProtocolErrors.Read(), e => e.Label.Kind == "too_many_connections");
        Assert.Equal(3, second.List().Count);
    }

    [Fact]
    public async Task Stop_answers_what_has_arrived_then_closes_every_connection_and_removes_the_socket()
    {
        await using var bench = new NbdBench();
        using NbdClient busy = bench.Open();
        using NbdClient idle = bench.Open("huge", unix: true);
        using NbdClient haggling = bench.Connect();
        for (ulong i = 0; i < 64; i++)
        {
            busy.Stream.Write(NbdBench.Request(NbdCommand.Write, i, i * 4096, 4096, NbdBench.Pattern(4096)));
        }

        NbdBench.ReadReply(busy.Stream);
        Task stopped = bench.FrontEnd.StopAsync(NbdBench.Patience);
        Assert.Equal(63 * 16, NbdBench.ReadToEnd(busy.Stream).Bytes);
        Assert.Equal(0, NbdBench.ReadToEnd(idle.Stream).Bytes);
        Assert.Equal(0, NbdBench.ReadToEnd(haggling.Stream).Bytes);
        await stopped;
        Assert.False(File.Exists(bench.UnixPath));
        Assert.Equal(0, bench.FrontEnd.CountConnections(bench.First));
        Assert.ThrowsAny<SocketException>(() => bench.OpenStream());
    }

    [Theory]
    [InlineData(OffBehaviour.Hang)]
    [InlineData(OffBehaviour.Error)]
    public async Task Stop_ends_connections_of_a_disk_that_is_off_and_clients_that_do_not_read(OffBehaviour behaviour)
    {
        await using var bench = new NbdBench();
        using NbdClient silent = bench.Open();
        using NbdClient stalled = bench.Open("huge");
        for (ulong i = 0; i < 16; i++)
        {
            stalled.Stream.Write(NbdBench.Request(NbdCommand.Read, i, 0, 8 << 20));
        }

        bench.First.OffBehaviour = behaviour;
        bench.First.Disk.Cut();
        silent.Stream.Write(NbdBench.Request(NbdCommand.Flush, 1, 0, 0));
        await bench.FrontEnd.StopAsync(TimeSpan.FromMilliseconds(50)).WaitAsync(NbdBench.Patience);
        Assert.Equal(behaviour == OffBehaviour.Hang ? 0 : 16, NbdBench.ReadToEnd(silent.Stream).Bytes);
    }

    [Fact]
    public async Task A_stale_socket_file_is_replaced()
    {
        await using var bench = new NbdBench();
        string path = bench.UnixPath + "2";
        using (var left = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            left.Bind(new UnixDomainSocketEndPoint(path));
            File.Move(path, path + ".kept");
        }

        File.Move(path + ".kept", path);
        Assert.True(File.Exists(path));
        ListenEndpoint endpoint = bench.FrontEnd.Listen(NbdBench.Parse($"unix:{path}"));
        using NbdClient client = NbdClient.Connect(endpoint.EndPoint, NbdBench.Patience);
        Assert.Equal(3, client.List().Count);
    }

    [Fact]
    public async Task A_socket_in_use_and_a_file_that_is_no_socket_are_refused_and_left_alone()
    {
        await using var bench = new NbdBench();
        SocketException inUse = Assert.Throws<SocketException>(() => bench.FrontEnd.Listen(bench.Unix));
        Assert.Contains("another process listens", inUse.Message, StringComparison.Ordinal);
        string path = bench.UnixPath + ".txt";
        await File.WriteAllTextAsync(path, "mine", TestContext.Current.CancellationToken);
        SocketException noSocket = Assert.Throws<SocketException>(() => bench.FrontEnd.Listen(NbdBench.Parse($"unix:{path}")));
        Assert.Contains("no socket", noSocket.Message, StringComparison.Ordinal);
        Assert.Equal("mine", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        SocketException port = Assert.Throws<SocketException>(() => bench.FrontEnd.Listen(bench.Tcp));
        Assert.Equal(SocketError.AddressAlreadyInUse, port.SocketErrorCode);
        using NbdClient client = bench.Open(unix: true);
        Assert.Equal(NbdError.None, client.Flush());
    }

    [Fact]
    public async Task Requests_are_metered_by_operation_and_result_and_outlive_their_connection()
    {
        await using var bench = new NbdBench();
        using (NbdClient client = bench.Connect())
        {
            client.UseStructuredReplies();
            client.SelectContexts("disk0", "base:allocation");
            client.Go("disk0");
            client.Write(0, NbdBench.Pattern(4096), NbdCommandFlags.Fua);
            client.Write(0, NbdBench.Pattern(512));
            client.Read(0, new byte[1024]);
            client.Read(NbdBench.DiskBytes, new byte[1024]);
            client.Flush();
            client.BlockStatus(0, 4096);
            client.BlockStatus(0, 4096);
            client.BlockStatus(0, 0);
            Assert.Equal(1, bench.FrontEnd.CountConnections(bench.First));
            Assert.Equal(1, bench.First.Meter.ConnectionCount);
        }

        SpinWait.SpinUntil(() => bench.First.Meter.ConnectionCount == 0, NbdBench.Patience);
        ConnectionMeter meter = Assert.Single(bench.First.Meter.Read());
        Assert.Equal([1, 2, 0, 0, 1, 0, 2, 0, 0, 0, 0], meter.Succeeded);
        Assert.Equal([1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], meter.Failed);
        Assert.Equal([1024, 4608, 0, 0, 0, 0, 0, 0, 0, 0, 0], meter.Bytes);
        Assert.Equal(1, meter.Fua[(int)DiskOperation.Write]);
        Assert.Equal(0, meter.InFlight);
    }
}
