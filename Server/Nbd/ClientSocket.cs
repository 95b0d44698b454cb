using System.Net.Sockets;

namespace BlockEmu.Server.Nbd;

/// <summary>A client behind a socket.</summary>
internal sealed class ClientSocket(Socket socket) : ClientLink
{
    public override void SendAtOnce() => Configure(static socket =>
    {
        if (socket.ProtocolType == ProtocolType.Tcp)
        {
            socket.NoDelay = true;
        }
    });

    public override void LimitReceives() => Configure(static socket => socket.ReceiveTimeout = IdleMs);

    public override SocketReceipt Receive(Span<byte> destination, out int receivedBytes)
    {
        receivedBytes = 0;
        try
        {
            receivedBytes = socket.Receive(destination, SocketFlags.None, out SocketError error);
            return error switch
            {
                SocketError.Success when receivedBytes > 0 => SocketReceipt.Data,
                SocketError.TimedOut or SocketError.WouldBlock => SocketReceipt.Idle,
                _ => SocketReceipt.End,
            };
        }
        catch (ObjectDisposedException)
        {
            return SocketReceipt.End;
        }
    }

    public override bool Send(ReadOnlySpan<byte> source)
    {
        try
        {
            while (!source.IsEmpty)
            {
                int sentBytes = socket.Send(source, SocketFlags.None, out SocketError error);
                if (error != SocketError.Success)
                {
                    return false;
                }

                source = source[sentBytes..];
            }

            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    public override bool HasArrivals
    {
        get
        {
            try
            {
                return socket.Available > 0;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    public override bool HasUnsentBytes => socket.ProtocolType == ProtocolType.Tcp && SocketCalls.CountUnsentBytes(socket) > 0;

    public override void WaitUntilReadable() => Wait(SocketCalls.WaitUntilReadable);

    public override void WaitUntilGone() => Wait(SocketCalls.WaitUntilGone);

    /// <summary>On TCP with a RST.</summary>
    public override void Reset() => socket.Close(0);

    public override void EndReceiving()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Receive);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has gone already.
        }
    }

    public override void Dispose()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has gone already.
        }

        socket.Dispose();
    }

    private void Configure(Action<Socket> configure)
    {
        try
        {
            configure(socket);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has gone; the next receive says so.
        }
    }

    private void Wait(Action<Socket> wait)
    {
        try
        {
            wait(socket);
        }
        catch (ObjectDisposedException)
        {
            // Reset meanwhile: awake.
        }
    }
}
