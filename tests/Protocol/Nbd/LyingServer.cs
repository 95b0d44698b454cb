using System.Net;
using System.Net.Sockets;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Protocol.Tests.Nbd;

/// <summary>Our client, and the other end of its connection in the test's hand; structured replies are negotiated.</summary>
internal sealed class LyingServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public LyingServer()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        NetworkStream stream = NbdClient.OpenStream(_listener.LocalEndPoint!, Pace.Seconds(30));
        Stream = new NetworkStream(_listener.Accept(), ownsSocket: true);
        byte[] greeting = new byte[NbdGreeting.SizeBytes];
        NbdServerNegotiation.Greeting.Write(greeting);
        byte[] ack = new byte[NbdOptionReplyHeader.SizeBytes];
        new NbdOptionReplyHeader(NbdOption.StructuredReply, NbdOptionReplyType.Ack, 0).Write(ack);
        Stream.Write([.. greeting, .. ack]);
        Client = new NbdClient(stream);
        Client.UseStructuredReplies();
        Stream.ReadExactly(new byte[4 + NbdOptionHeader.SizeBytes]);
    }

    public NbdClient Client { get; }

    /// <summary>The server's end.</summary>
    public NetworkStream Stream { get; }

    /// <summary>A chunk, or (with a length of its own) the claim of one.</summary>
    public static byte[] Chunk(ulong cookie, NbdChunkType type, bool isDone, ReadOnlySpan<byte> payload, uint? lengthBytes = null)
    {
        byte[] bytes = new byte[NbdChunkHeader.SizeBytes + payload.Length];
        new NbdChunkHeader(
            isDone ? NbdChunkFlags.Done : NbdChunkFlags.None, type, cookie, lengthBytes ?? (uint)payload.Length).Write(bytes);
        payload.CopyTo(bytes.AsSpan(NbdChunkHeader.SizeBytes));
        return bytes;
    }

    public void Send(ulong cookie, NbdChunkType type, bool isDone, string hex) =>
        Stream.Write(Chunk(cookie, type, isDone, Convert.FromHexString(hex)));

    public void Dispose()
    {
        Client.Dispose();
        Stream.Dispose();
        _listener.Dispose();
    }
}
