using System.Net.Sockets;

namespace BlockEmu.Server.Transport;

/// <summary>TCP keepalive: a client whose machine has vanished without a word is gone after <see cref="After"/> and
/// <see cref="Probes"/> times <see cref="Every"/>, four minutes.</summary>
internal static class SocketKeepAlive
{
    /// <summary>How long nothing comes before the first probe.</summary>
    public static readonly TimeSpan After = TimeSpan.FromMinutes(2);

    /// <summary>How long each probe has.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    /// <summary>How many are unanswered at the end.</summary>
    public const int Probes = 4;

    /// <summary>For a connection; or, for all that it will accept, a socket that listens.</summary>
    public static void Begin(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)After.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)Every.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
    }
}
