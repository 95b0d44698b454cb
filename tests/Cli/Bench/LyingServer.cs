using System.Net;
using System.Net.Sockets;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Tests.Bench;

/// <summary>Negotiates as it should, one connection after another; what it says to requests is the test's.</summary>
internal sealed class LyingServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Func<NbdRequestHeader, byte[]> _answer;

    /// <param name="answer">What to say to a READ's header; nothing = close.</param>
    public LyingServer(Func<NbdRequestHeader, byte[]> answer)
    {
        _answer = answer;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        new Thread(Serve) { IsBackground = true }.Start();
    }

    public string Uri => $"nbd://{_listener.LocalEndPoint}/x";

    public void Dispose() => _listener.Dispose();

    private void Serve()
    {
        try
        {
            while (true)
            {
                using NetworkStream stream = new(_listener.Accept(), ownsSocket: true);
                Serve(stream);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void Serve(NetworkStream stream)
    {
        byte[] greeting = new byte[NbdGreeting.SizeBytes];
        NbdServerNegotiation.Greeting.Write(greeting);
        stream.Write(greeting);
        stream.ReadExactly(new byte[NbdGreeting.ClientFlagsSizeBytes]);
        byte[] option = new byte[NbdOptionHeader.SizeBytes];
        stream.ReadExactly(option);
        stream.ReadExactly(new byte[option[^1]]);
        Reply(stream, NbdOptionReplyType.Info, [0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 1]);
        Reply(stream, NbdOptionReplyType.Ack, []);
        byte[] header = new byte[NbdRequestHeader.SizeBytes];
        try
        {
            stream.ReadExactly(header);
            NbdRequestHeader.TryRead(header, out NbdRequestHeader request);
            stream.Write(_answer(request));
            stream.Socket.Shutdown(SocketShutdown.Send);
            stream.CopyTo(Stream.Null);
        }
        catch (IOException)
        {
            // A connection that only asked what there is.
        }
    }

    private static void Reply(NetworkStream stream, NbdOptionReplyType type, byte[] data)
    {
        byte[] header = new byte[NbdOptionReplyHeader.SizeBytes];
        new NbdOptionReplyHeader(NbdOption.Go, type, (uint)data.Length).Write(header);
        stream.Write([.. header, .. data]);
    }
}
