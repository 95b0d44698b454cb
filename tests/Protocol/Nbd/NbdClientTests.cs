using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Protocol.Tests.Nbd;

/// <summary>The client against a server that a test plays by hand.</summary>
public sealed class NbdClientTests : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly NetworkStream _server;
    private readonly NbdClient _client;

    public NbdClientTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        NetworkStream stream = NbdClient.OpenStream(_listener.LocalEndPoint!, Pace.Seconds(30));
        _server = new NetworkStream(_listener.Accept(), ownsSocket: true);
        byte[] greeting = new byte[NbdGreeting.SizeBytes];
        NbdServerNegotiation.Greeting.Write(greeting);
        _server.Write(greeting);
        _client = new NbdClient(stream);
        _server.ReadExactly(new byte[4]);
    }

    [Fact]
    public void Q5_replies_in_any_order_reach_their_own_waiter()
    {
        ulong first = _client.Submit(NbdCommand.Read, 0, 4);
        ulong second = _client.Submit(NbdCommand.Write, 0, 2, [1, 2]);
        ulong third = _client.Submit(NbdCommand.Read, 8, 4);
        _server.Write([.. Reply(third, NbdError.None), 3, 3, 3, 3, .. Reply(second, NbdError.NoSpace), .. Reply(first, NbdError.None), 1, 1, 1, 1]);
        byte[] data = new byte[4];
        Assert.Equal(NbdError.None, _client.Wait(first, data));
        Assert.Equal([1, 1, 1, 1], data);
        Assert.Equal(NbdError.NoSpace, _client.Wait(second));
        Assert.Equal(NbdError.None, _client.Wait(third, data));
        Assert.Equal([3, 3, 3, 3], data);
    }

    [Fact]
    public void Y1_a_failed_READ_has_no_data_behind_it()
    {
        ulong failed = _client.Submit(NbdCommand.Read, 0, 4);
        ulong next = _client.Submit(NbdCommand.Flush, 0, 0);
        _server.Write([.. Reply(failed, NbdError.InputOutput), .. Reply(next, NbdError.None)]);
        Assert.Equal(NbdError.InputOutput, _client.Wait(failed, new byte[4]));
        Assert.Equal(NbdError.None, _client.Wait(next));
    }

    [Fact]
    public void Every_waiter_hears_that_the_connection_is_lost()
    {
        ulong[] cookies = [.. Enumerable.Range(0, 4).Select(_ => _client.Submit(NbdCommand.Flush, 0, 0))];
        Task[] waiters = [.. cookies.Select(c => Task.Run(() => Assert.ThrowsAny<IOException>(() => _client.Wait(c))))];
        _server.Dispose();
        Task.WaitAll(waiters);
        Assert.ThrowsAny<IOException>(() => _client.Flush());
    }

    [Fact]
    public void A_reply_nobody_waits_for_is_a_broken_server()
    {
        ulong cookie = _client.Submit(NbdCommand.Flush, 0, 0);
        _server.Write(Reply(cookie + 1, NbdError.None));
        Assert.ThrowsAny<InvalidDataException>(() => _client.Wait(cookie));
        Assert.ThrowsAny<IOException>(() => _client.Wait(cookie));
    }

    [Fact]
    public void A_request_leaves_with_its_payload_behind_its_header()
    {
        ulong cookie = _client.Submit(NbdCommand.Write, 4096, 3, [7, 8, 9], NbdCommandFlags.Fua);
        byte[] sent = new byte[NbdRequestHeader.SizeBytes + 3];
        _server.ReadExactly(sent);
        Assert.True(NbdRequestHeader.TryRead(sent, out NbdRequestHeader header));
        Assert.Equal(new NbdRequestHeader(NbdCommandFlags.Fua, NbdCommand.Write, cookie, 4096, 3), header);
        Assert.Equal([7, 8, 9], sent[NbdRequestHeader.SizeBytes..]);
    }

    [Fact]
    public void A_server_that_is_none_is_refused()
    {
        using var stream = new MemoryStream(new byte[64]);
        Assert.Throws<InvalidDataException>(() => new NbdClient(stream));
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
        _listener.Dispose();
    }

    private static byte[] Reply(ulong cookie, NbdError error)
    {
        byte[] bytes = new byte[NbdSimpleReply.SizeBytes];
        new NbdSimpleReply(error, cookie).Write(bytes);
        Assert.Equal(cookie, BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8)));
        return bytes;
    }
}
