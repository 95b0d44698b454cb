using System.Net;
using System.Net.Sockets;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Transport;

/// <summary>A socket that listens: the same rules for every front end and for HTTP.</summary>
/// <remarks><c>[::]</c> listens for IPv4 too, whatever the host's <c>net.ipv6.bindv6only</c> says; every other address for itself
/// alone.</remarks>
internal static class BoundSocket
{
    /// <summary>Binds and listens. Throws <see cref="SocketException"/> or <see cref="IOException"/> when the address cannot be had; what
    /// lay there is as it was then.</summary>
    /// <param name="endpoint">The address.</param>
    /// <param name="backlog">Connections that may wait to be accepted.</param>
    /// <param name="file">The file of a Unix socket.</param>
    public static Socket Listen(ListenEndpoint endpoint, int backlog, out UnixSocketFile? file)
    {
        bool isUnix = endpoint.UnixPath is not null;
        Socket socket = new(endpoint.EndPoint.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            if (endpoint.EndPoint is IPEndPoint { Address: { AddressFamily: AddressFamily.InterNetworkV6 } address })
            {
                socket.DualMode = address.Equals(IPAddress.IPv6Any);
            }

            file = endpoint.UnixPath is { } path ? UnixSocketFile.Claim(path) : null;
            socket.Bind(endpoint.EndPoint);
            socket.Listen(backlog);
            file?.Remember();
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
