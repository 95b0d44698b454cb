using System.Net;
using System.Net.Sockets;
using BlockEmu.Server.Transport;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace BlockEmu.Server.Admin;

/// <summary>The socket that HTTP listens on.</summary>
internal static class AdminListener
{
    /// <summary>Binds it; what it accepts is asked for signs of life, on TCP.</summary>
    public static Socket Bind(EndPoint endPoint)
    {
        Socket socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        if (socket.ProtocolType == ProtocolType.Tcp)
        {
            SocketKeepAlive.Begin(socket);
        }

        return socket;
    }
}
