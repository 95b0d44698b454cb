using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace BlockEmu.Server.Transport;

/// <summary>A client behind a socket.</summary>
internal sealed class ClientSocket(Socket socket) : ClientLink
{
    // One that was handed over may be shared with others, so its mode is taken as it is.
    private readonly bool _isBlocking = SocketCalls.IsBlocking(socket);
    private int _patienceMs = -1;

    public override EndPoint? LocalEndPoint => socket.LocalEndPoint;

    public override EndPoint? RemoteEndPoint { get; } = FindRemote(socket);

    public override void SendAtOnce() => Configure(static socket =>
    {
        if (socket.ProtocolType == ProtocolType.Tcp)
        {
            socket.NoDelay = true;
            SocketKeepAlive.Begin(socket);
        }
    });

    public override void LimitReceives(int patienceMs)
    {
        _patienceMs = patienceMs;
        Configure(socket => socket.ReceiveTimeout = patienceMs);
    }

    public override SocketReceipt Receive(Span<byte> destination, out int receivedBytes)
    {
        receivedBytes = 0;
        try
        {
            while (true)
            {
                receivedBytes = SocketCalls.Receive(socket.SafeHandle, destination, out bool isAgain);
                if (JudgeReceipt(receivedBytes > 0, isAgain) is { } receipt)
                {
                    return receipt;
                }
            }
        }
        catch (ObjectDisposedException)
        {
            return SocketReceipt.End;
        }
    }

    public override bool HasVectors => true;

    public override bool TrySendAtOnce(ReadOnlySpan<IoVector> vectors, out nuint sentBytes)
    {
        sentBytes = 0;
        try
        {
            sentBytes = VectorCalls.Send(socket.SafeHandle, vectors, out bool isAgain);
            return sentBytes > 0 || isAgain;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    public override bool WaitUntilWritable(int patienceMs)
    {
        try
        {
            return SocketCalls.WaitUntilWritable(socket, patienceMs);
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    public override bool Send(ReadOnlySpan<byte> source)
    {
        try
        {
            while (!source.IsEmpty)
            {
                int sentBytes = SocketCalls.Send(socket.SafeHandle, source, out bool isAgain);
                if (sentBytes > 0)
                {
                    source = source[sentBytes..];
                }
                else if (!isAgain)
                {
                    return false;
                }
                else if (!_isBlocking)
                {
                    SocketCalls.WaitUntilWritable(socket, -1);
                }
            }

            return true;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    public override bool TrySend(ReadOnlySpan<byte> source, int patienceMs)
    {
        try
        {
            return SocketCalls.WaitUntilWritable(socket, patienceMs) && Send(source);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
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

    public override SafeHandle Watched => socket.SafeHandle;

    public override bool WaitUntilReadable(int patienceMs)
    {
        try
        {
            return SocketCalls.WaitUntilReadable(socket, patienceMs);
        }
        catch (ObjectDisposedException)
        {
            // Reset meanwhile: a receive says so.
            return true;
        }
    }

    public override void WaitUntilGone()
    {
        try
        {
            SocketCalls.WaitUntilGone(socket);
        }
        catch (ObjectDisposedException)
        {
            // Reset meanwhile: awake.
        }
    }

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

    private static EndPoint? FindRemote(Socket socket)
    {
        try
        {
            return socket.RemoteEndPoint;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null; // it has gone already
        }
    }

    /// <summary>Null: try again.</summary>
    private SocketReceipt? JudgeReceipt(bool isData, bool isAgain)
    {
        if (isData)
        {
            return SocketReceipt.Data;
        }

        if (!isAgain)
        {
            return SocketReceipt.End;
        }

        // Of a blocking socket it means that the patience is over.
        return _isBlocking || !SocketCalls.WaitUntilReadable(socket, _patienceMs) ? SocketReceipt.Idle : null;
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
}
