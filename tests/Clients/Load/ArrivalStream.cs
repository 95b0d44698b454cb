using System.Net;
using System.Net.Sockets;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>A connection that knows how many bytes have arrived, read or not: so a test can tell what came after an instant.</summary>
internal sealed class ArrivalStream : Stream
{
    private readonly Socket _socket;
    private readonly bool _isUnix;

    // Keeps taking bytes from the socket and counting them together.
    private readonly Lock _counting = new();
    private long _received;
    private long _limit = long.MaxValue;

    private ArrivalStream(Socket socket, bool isUnix) => (_socket, _isUnix) = (socket, isUnix);

    /// <summary>Bytes read so far.</summary>
    public long Received
    {
        get
        {
            lock (_counting)
            {
                return _received;
            }
        }
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public static ArrivalStream Connect(EndPoint endPoint)
    {
        bool isUnix = endPoint.AddressFamily == AddressFamily.Unix;
        Socket socket = new(endPoint.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        if (!isUnix)
        {
            socket.NoDelay = true;
        }

        socket.Connect(endPoint);
        return new ArrivalStream(socket, isUnix);
    }

    /// <summary>From now on nothing may arrive. Only on a Unix socket, where sending is arriving: over TCP the kernel may
    /// deliver later what was sent before.</summary>
    public void ForbidMore()
    {
        if (!_isUnix)
        {
            return;
        }

        lock (_counting)
        {
            try
            {
                _limit = _received + _socket.Available;
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                _limit = _received; // its reader is done with it, or it was reset
            }
        }
    }

    /// <summary>Whether a reply that began at this position came too late.</summary>
    public bool IsForbidden(long position)
    {
        lock (_counting)
        {
            return position >= _limit;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        Span<byte> next = stackalloc byte[1];
        if (buffer.IsEmpty || Try(_socket, next, static (socket, one) => socket.Receive(one, SocketFlags.Peek)) == 0)
        {
            return 0;
        }

        lock (_counting)
        {
            int count = Try(_socket, buffer, static (socket, all) => socket.Receive(all));
            _received += count;
            return count;
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int sent = Try(_socket, buffer, static (socket, all) => socket.Send(all));
            buffer = buffer[sent..];
        }
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _socket.Dispose();
        base.Dispose(disposing);
    }

    private delegate int Call<in T>(Socket socket, T bytes)
        where T : allows ref struct;

    /// <summary>A lost connection is an <see cref="IOException"/>.</summary>
    private static int Try<T>(Socket socket, T bytes, Call<T> call)
        where T : allows ref struct
    {
        try
        {
            return call(socket, bytes);
        }
        catch (SocketException e)
        {
            // Which error it is says little: a reset under a blocked send has been seen as TimedOut, with no time-out set.
            throw new IOException(e.Message, e);
        }
    }
}
