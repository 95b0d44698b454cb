using System.Net.Sockets;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>A connection of which every received byte is remembered, and to which somebody may add.</summary>
internal sealed class WireTap(NetworkStream inner) : Stream
{
    private readonly List<byte> _received = [];

    /// <summary>Whether the connection ended in a reset.</summary>
    public bool IsReset { get; private set; }

    /// <summary>What somebody on the way adds, in plaintext and in the same packet, to a STARTTLS.</summary>
    public byte[] Injected { get; init; } = [];

    /// <summary>Where what is written goes instead, if it is held back.</summary>
    public MemoryStream? Held { get; set; }

    /// <summary>At most so many bytes are written at once.</summary>
    public int PieceBytes { get; init; } = int.MaxValue;

    /// <summary>Bytes that have arrived and that nobody has read.</summary>
    public int Waiting => inner.Socket.Available;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The type of the last TLS record: 21 is an alert (TLS 1.2), 23 data.</summary>
    public int LastRecordType()
    {
        int at = _received.Count;
        for (int i = RecordsStart; i < _received.Count; i += 5 + (_received[i + 3] << 8) + _received[i + 4])
        {
            at = i;
        }

        return at < _received.Count ? _received[at] : 0;
    }

    public int ReceivedBytes => _received.Count;

    private static int RecordsStart => NbdGreeting.SizeBytes + NbdOptionReplyHeader.SizeBytes;

    public override int Read(Span<byte> buffer)
    {
        try
        {
            int count = inner.Read(buffer);
            _received.AddRange(buffer[..count]);
            return count;
        }
        catch (IOException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            IsReset = true;
            return 0;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        bool isStartTls = buffer.Length == NbdOptionHeader.SizeBytes
            && NbdOptionHeader.TryRead(buffer, out NbdOptionHeader option) && option.Option == NbdOption.StartTls;
        Stream output = Held ?? (Stream)inner;
        ReadOnlySpan<byte> left = isStartTls ? [.. buffer, .. Injected] : buffer;
        while (left.Length > PieceBytes)
        {
            output.Write(left[..PieceBytes]);
            left = left[PieceBytes..];
            Thread.Yield();
        }

        output.Write(left);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        inner.Dispose();
        base.Dispose(disposing);
    }
}
