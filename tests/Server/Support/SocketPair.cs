using System.Net.Sockets;

namespace BlockEmu.Server.Tests.Support;

/// <summary>Two connected Unix sockets.</summary>
internal sealed class SocketPair : IDisposable
{
    public SocketPair(TimeSpan patience)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("blockemu-pair-");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(folder.FullName, "s")));
        listener.Listen();
        Client.Connect(listener.LocalEndPoint!);
        Client.ReceiveTimeout = Client.SendTimeout = (int)patience.TotalMilliseconds;
        Server = listener.Accept();
        Stream = new NetworkStream(Client);
        folder.Delete(recursive: true);
    }

    public Socket Client { get; } = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public Socket Server { get; }

    /// <summary>The client's end.</summary>
    public NetworkStream Stream { get; }

    public void Dispose()
    {
        Stream.Dispose();
        Client.Dispose();
        Server.Dispose();
    }
}
