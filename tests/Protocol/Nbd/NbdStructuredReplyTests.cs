using System.Net;
using System.Net.Sockets;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Protocol.Tests.Nbd;

/// <summary>The bytes of chunks, and the client against a server that keeps or breaks their rules.</summary>
public sealed class NbdStructuredReplyTests : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly NetworkStream _server;
    private readonly NbdClient _client;

    public NbdStructuredReplyTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        NetworkStream stream = NbdClient.OpenStream(_listener.LocalEndPoint!, Pace.Seconds(30));
        _server = new NetworkStream(_listener.Accept(), ownsSocket: true);
        byte[] greeting = new byte[NbdGreeting.SizeBytes];
        NbdServerNegotiation.Greeting.Write(greeting);
        byte[] ack = new byte[NbdOptionReplyHeader.SizeBytes];
        new NbdOptionReplyHeader(NbdOption.StructuredReply, NbdOptionReplyType.Ack, 0).Write(ack);
        _server.Write([.. greeting, .. ack]);
        _client = new NbdClient(stream);
        _client.UseStructuredReplies();
        _server.ReadExactly(new byte[4 + NbdOptionHeader.SizeBytes]);
    }

    [Fact]
    public void Y3_a_chunk_header_is_20_bytes()
    {
        byte[] bytes = new byte[NbdChunkHeader.SizeBytes];
        var header = new NbdChunkHeader(NbdChunkFlags.Done, NbdChunkType.ErrorOffset, 0x0102_0304_0506_0708, 0x1122_3344);
        header.Write(bytes);
        Assert.Equal("668E33EF" + "0001" + "8002" + "0102030405060708" + "11223344", Convert.ToHexString(bytes));
        Assert.True(NbdChunkHeader.TryRead(bytes, out NbdChunkHeader read));
        Assert.Equal(header, read);
        bytes[0] ^= 1;
        Assert.False(NbdChunkHeader.TryRead(bytes, out _));
    }

    [Fact]
    public void Y6_payloads_have_their_layouts()
    {
        byte[] bytes = new byte[64];
        new NbdOffsetHole(0x10, 0x20).Write(bytes);
        Assert.Equal("0000000000000010" + "00000020", Convert.ToHexString(bytes, 0, NbdOffsetHole.SizeBytes));
        Assert.Equal(new NbdOffsetHole(0x10, 0x20), NbdOffsetHole.Read(bytes));
        new NbdStatusExtent(0x200, 3).Write(bytes);
        Assert.Equal("00000200" + "00000003", Convert.ToHexString(bytes, 0, NbdStatusExtent.SizeBytes));
        Assert.Equal(new NbdStatusExtent(0x200, 3), NbdStatusExtent.Read(bytes));
        var error = new NbdErrorChunk(NbdError.InvalidArgument, "ab", 7);
        int length = error.Write(bytes);
        Assert.Equal("00000016" + "0002" + "6162" + "0000000000000007", Convert.ToHexString(bytes, 0, length));
        Assert.True(NbdErrorChunk.TryRead(NbdChunkType.ErrorOffset, bytes.AsSpan(0, length), out NbdErrorChunk read));
        Assert.Equal(error, read);
    }

    [Theory]
    [InlineData(NbdChunkType.Error, "00000016")]
    [InlineData(NbdChunkType.Error, "000000000000")]
    [InlineData(NbdChunkType.Error, "000000160001")]
    [InlineData(NbdChunkType.Error, "00000016000000")]
    [InlineData(NbdChunkType.Error, "00000016000100")]
    [InlineData(NbdChunkType.ErrorOffset, "000000160000")]
    [InlineData(NbdChunkType.ErrorOffset, "00000016FFFF0000000000000000")]
    public void Y6_error_chunks_that_do_not_add_up_are_refused(NbdChunkType type, string hex) =>
        Assert.False(NbdErrorChunk.TryRead(type, Convert.FromHexString(hex), out _));

    [Fact]
    public void Y5_Y7_chunks_in_any_order_and_of_several_requests_are_put_together()
    {
        ulong first = _client.Submit(NbdCommand.Read, 1000, 6);
        ulong second = _client.Submit(NbdCommand.Write, 0, 1, [9]);
        Send(first, NbdChunkType.OffsetData, false, "00000000000003EC" + "AABB");
        Send(second, NbdChunkType.Error, true, "0000001C" + "0002" + "6F68");
        Send(first, NbdChunkType.OffsetHole, false, "00000000000003EA" + "00000002");
        Send(first, NbdChunkType.OffsetData, false, "00000000000003E8" + "CCDD");
        Send(first, NbdChunkType.None, true, "");
        byte[] data = [1, 1, 1, 1, 1, 1];
        NbdReply reply = _client.WaitForReply(first, data);
        Assert.Equal("CCDD0000AABB", Convert.ToHexString(data));
        Assert.Equal(NbdError.None, reply.Error);
        Assert.Equal([NbdChunkType.OffsetData, NbdChunkType.OffsetHole, NbdChunkType.OffsetData, NbdChunkType.None], reply.Chunks);
        NbdReply write = _client.WaitForReply(second);
        Assert.Equal((NbdError.NoSpace, "oh"), (write.Error, write.Message));
    }

    [Fact]
    public void Y8_an_error_after_content_fails_the_READ_and_says_where()
    {
        ulong cookie = _client.Submit(NbdCommand.Read, 0, 1024);
        Send(cookie, NbdChunkType.OffsetHole, false, "0000000000000000" + "00000200");
        Send(cookie, NbdChunkType.ErrorOffset, true, "00000005" + "0000" + "0000000000000200");
        NbdReply reply = _client.WaitForReply(cookie, new byte[1024]);
        Assert.Equal((NbdError.InputOutput, 512ul), (reply.Error, reply.ErrorOffsetBytes));
    }

    [Theory]
    [InlineData(NbdChunkType.OffsetData, "000000000000000001")]
    [InlineData(NbdChunkType.OffsetData, "00000000000000000102030405060708")]
    [InlineData(NbdChunkType.OffsetData, "0000000000000064")]
    [InlineData(NbdChunkType.OffsetData, "000000000000006301")]
    [InlineData(NbdChunkType.OffsetHole, "0000000000000064" + "00000000")]
    [InlineData(NbdChunkType.OffsetHole, "0000000000000064" + "00000005")]
    [InlineData(NbdChunkType.OffsetHole, "0000000000000064")]
    [InlineData(NbdChunkType.OffsetHole, "0000000000000064" + "00000002")]
    [InlineData(NbdChunkType.None, "")]
    [InlineData(NbdChunkType.None, "00")]
    [InlineData(NbdChunkType.BlockStatus, "00000001" + "00000200" + "00000000")]
    [InlineData(NbdChunkType.Error, "00000000" + "0000")]
    [InlineData(NbdChunkType.ErrorOffset, "00000005" + "0000" + "0000000000000068")]
    [InlineData((NbdChunkType)77, "")]
    public void Y6_Y7_a_READ_reply_that_breaks_the_rules_ends_the_connection(NbdChunkType type, string payload)
    {
        ulong cookie = _client.Submit(NbdCommand.Read, 100, 4);
        Send(cookie, type, true, payload);
        Assert.Throws<InvalidDataException>(() => _client.Wait(cookie, new byte[4]));
        Assert.ThrowsAny<IOException>(() => _client.Flush());
    }

    [Fact]
    public void Y7_content_that_is_sent_twice_ends_the_connection()
    {
        ulong cookie = _client.Submit(NbdCommand.Read, 0, 4);
        Send(cookie, NbdChunkType.OffsetData, false, "0000000000000000" + "010203");
        Send(cookie, NbdChunkType.OffsetData, true, "0000000000000002" + "0102");
        Assert.Throws<InvalidDataException>(() => _client.Wait(cookie, new byte[4]));
    }

    [Fact]
    public void Y9_a_READ_with_DF_takes_no_hole()
    {
        ulong cookie = _client.Submit(NbdCommand.Read, 0, 4, default, NbdCommandFlags.DontFragment);
        Send(cookie, NbdChunkType.OffsetHole, true, "0000000000000000" + "00000004");
        Assert.Throws<InvalidDataException>(() => _client.Wait(cookie, new byte[4]));
    }

    [Fact]
    public void Y4_a_simple_reply_serves_a_WRITE_and_not_a_READ()
    {
        ulong write = _client.Submit(NbdCommand.Write, 0, 1, [1]);
        ulong read = _client.Submit(NbdCommand.Read, 0, 1);
        byte[] reply = new byte[NbdSimpleReply.SizeBytes];
        new NbdSimpleReply(NbdError.None, write).Write(reply);
        _server.Write(reply);
        Assert.Equal(NbdError.None, _client.Wait(write));
        new NbdSimpleReply(NbdError.InvalidArgument, read).Write(reply);
        _server.Write(reply);
        Assert.Throws<InvalidDataException>(() => _client.Wait(read, new byte[1]));
    }

    [Fact]
    public void Y11_block_status_comes_by_context_and_may_overshoot_with_its_last_extent()
    {
        ulong cookie = _client.Submit(NbdCommand.BlockStatus, 0, 1024);
        Send(cookie, NbdChunkType.BlockStatus, false, "00000001" + "00000200" + "00000003" + "00000400" + "00000000");
        Send(cookie, NbdChunkType.BlockStatus, true, "00000007" + "00000100" + "00000002");
        NbdReply reply = _client.WaitForReply(cookie);
        Assert.Equal([new NbdStatusExtent(512, 3), new NbdStatusExtent(1024, 0)], reply.Extents[1]);
        Assert.Equal([new NbdStatusExtent(256, 2)], reply.Extents[7]);
    }

    [Theory]
    [InlineData("00000001", false)]
    [InlineData("00000001" + "00000000" + "00000000", false)]
    [InlineData("00000001" + "00000200", false)]
    [InlineData("00000001" + "00000400" + "00000000" + "00000200" + "00000001", false)]
    [InlineData("00000001" + "00000200" + "00000000" + "00000200" + "00000001", true)]
    [InlineData("00000001" + "00000600" + "00000000", true)]
    public void Y11_block_status_that_breaks_the_rules_ends_the_connection(string payload, bool one)
    {
        ulong cookie = _client.Submit(
            NbdCommand.BlockStatus, 0, 1024, default, one ? NbdCommandFlags.RequestOne : NbdCommandFlags.None);
        Send(cookie, NbdChunkType.BlockStatus, true, payload);
        Assert.Throws<InvalidDataException>(() => _client.Wait(cookie));
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
        _listener.Dispose();
    }

    private void Send(ulong cookie, NbdChunkType type, bool isDone, string hex)
    {
        byte[] payload = Convert.FromHexString(hex);
        byte[] header = new byte[NbdChunkHeader.SizeBytes];
        new NbdChunkHeader(isDone ? NbdChunkFlags.Done : NbdChunkFlags.None, type, cookie, (uint)payload.Length).Write(header);
        _server.Write([.. header, .. payload]);
    }
}
