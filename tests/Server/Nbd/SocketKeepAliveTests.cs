using System.Net;
using System.Net.Sockets;
using BlockEmu.Server.Admin;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>A client whose machine vanished is noticed by the kernel.</summary>
public sealed class SocketKeepAliveTests
{
    [Fact]
    public void A_client_on_TCP_is_asked_for_signs_of_life()
    {
        using Socket listener = Listen();
        using Socket client = Connect(listener);
        using Socket accepted = listener.Accept();
        using ClientSocket link = new(accepted);
        Assert.Equal(0, Get(accepted, SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        link.SendAtOnce();
        AssertKeepsAlive(accepted);
    }

    [Fact]
    public void A_client_of_HTTP_is_asked_too()
    {
        using Socket listener = AdminServer.Listen(ListenEndpoint.OfBound(new IPEndPoint(IPAddress.Loopback, 0)));
        using Socket client = Connect(listener);
        using Socket accepted = listener.Accept();
        AssertKeepsAlive(accepted);
    }

    private static void AssertKeepsAlive(Socket socket)
    {
        Assert.NotEqual(0, Get(socket, SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal(120, Get(socket, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        Assert.Equal(30, Get(socket, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval));
        Assert.Equal(4, Get(socket, SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount));
    }

    private static int Get(Socket socket, SocketOptionLevel level, SocketOptionName name) => (int)socket.GetSocketOption(level, name)!;

    private static Socket Listen()
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    private static Socket Connect(Socket listener)
    {
        Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndPoint!);
        return client;
    }
}
