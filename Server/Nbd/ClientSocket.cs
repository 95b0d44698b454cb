using System.Net.Sockets;

namespace BlockEmu.Server.Nbd;

/// <summary>One client's socket: blocking, for one thread; only <see cref="Reset"/>, <see cref="EndReceiving"/> and
/// <see cref="HasUnsentBytes"/> may come from others.</summary>
/// <remarks>A client that goes away is an ordinary end, so nothing here throws for it.</remarks>
internal sealed class ClientSocket(Socket socket) : IDisposable
{
    private const int IdleMs = 1000;

    /// <summary>From now on small replies leave at once (TCP_NODELAY).</summary>
    public void SendAtOnce() => Configure(static socket =>
    {
        if (socket.ProtocolType == ProtocolType.Tcp)
        {
            socket.NoDelay = true;
        }
    });

    /// <summary>From now on a receive gives up after a second.</summary>
    public void LimitReceives() => Configure(static socket => socket.ReceiveTimeout = IdleMs);

    /// <summary>Takes what has arrived, at least one byte.</summary>
    public SocketReceipt Receive(Span<byte> destination, out int receivedBytes)
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

    /// <summary>Sends all of it; false when the client has gone.</summary>
    public bool Send(ReadOnlySpan<byte> source)
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

    /// <summary>Whether something has arrived that was not received yet.</summary>
    public bool HasArrivals
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

    /// <summary>Whether sent bytes still wait on this side because the client does not read.</summary>
    public bool HasUnsentBytes => socket.ProtocolType == ProtocolType.Tcp && SocketCalls.CountUnsentBytes(socket) > 0;

    public void WaitUntilReadable() => Wait(SocketCalls.WaitUntilReadable);

    public void WaitUntilGone() => Wait(SocketCalls.WaitUntilGone);

    /// <summary>Drops the connection at once (TCP: RST) with all that was queued; wakes whoever blocks on it and returns
    /// when no call on it is under way. Any thread, any number of times.</summary>
    public void Reset() => socket.Close(0);

    /// <summary>Lets the receiving thread see the end of the stream after what has arrived.</summary>
    public void EndReceiving()
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

    /// <summary>Closes in order: what was sent still arrives.</summary>
    public void Dispose()
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
