using System.Diagnostics;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Nbd;

/// <summary>Answering: gathers the replies to what one receive brought and sends them in one call.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>Nothing leaves unless the session was live after the gate was taken: once a cut has happened and
/// <see cref="TryPassGate"/> was true, no success can follow.</description></item>
/// <item><description>With the power off, gathered replies are dropped, or become NBD_ESHUTDOWN, as the disk is
/// set.</description></item>
/// <item><description>At most <see cref="MaxReplies"/> replies and one largest payload are held.</description></item>
/// </list>
/// </remarks>
internal sealed class ReplyBatch(DiskSession session, ClientSocket socket)
{
    private const int MaxReplies = 1024;
    private const int FirstReplies = 32;

    // Held while a batch is checked against the power and sent, so that a cut can wait for the send's end. Held across
    // I/O on purpose, and only ever contended by a cut.
    private readonly Lock _gate = new();
    private readonly PooledBuffer _buffer = new();
    private BatchedReply[] _replies = [];
    private int _usedBytes;
    private int _count;
    private long _startedAt;

    /// <summary>Why <see cref="Send"/> was false.</summary>
    public SessionEnd End { get; private set; }

    /// <summary>Marks the arrival of what the next replies answer: durations count from here.</summary>
    public void Start() => _startedAt = Stopwatch.GetTimestamp();

    /// <summary>Room for a READ's data; false when making it meant sending, and that ended the session.</summary>
    public bool TryReserve(int dataBytes, out Span<byte> data)
    {
        int replyBytes = NbdSimpleReply.SizeBytes + dataBytes;
        data = default;
        if (!HasRoom(replyBytes) && !Send())
        {
            return false;
        }

        _buffer.Ensure(Math.Max(replyBytes, PooledBuffer.BaseBytes), 0);
        data = _buffer.Bytes.AsSpan(_usedBytes + NbdSimpleReply.SizeBytes, dataBytes);
        return true;
    }

    /// <summary>Adds a reply; with <paramref name="dataBytes"/>, the reserved data belongs to it. False as
    /// <see cref="Send"/>.</summary>
    public bool Add(in BatchedReply reply, NbdError error, int dataBytes = 0)
    {
        if (dataBytes == 0)
        {
            if (!HasRoom(NbdSimpleReply.SizeBytes) && !Send())
            {
                return false;
            }

            _buffer.Ensure(PooledBuffer.BaseBytes, 0);
        }

        new NbdSimpleReply(error, reply.Cookie).Write(_buffer.Bytes.AsSpan(_usedBytes));
        _usedBytes += NbdSimpleReply.SizeBytes + dataBytes;
        if (_count == _replies.Length)
        {
            Array.Resize(ref _replies, Math.Max(FirstReplies, _count * 2));
        }

        _replies[_count++] = reply;
        session.Meter.InFlight = _count;
        return true;
    }

    /// <summary>Sends what is gathered; false when the session ended, by the power or by the client.</summary>
    public bool Send()
    {
        if (_count == 0)
        {
            return true;
        }

        bool isLive;
        lock (_gate)
        {
            isLive = session.IsLive;
            if (!isLive)
            {
                End = session.EndWhenNotLive();
                RefuseAll();
            }

            if (End == SessionEnd.None && !socket.Send(_buffer.Bytes.AsSpan(0, _usedBytes)))
            {
                End = SessionEnd.Close;
            }
        }

        Record(isLive);
        (_count, _usedBytes) = (0, 0);
        session.Meter.InFlight = 0;
        return End == SessionEnd.None;
    }

    /// <summary>Waits until no send that began before is under way; false when that takes longer. Any thread.</summary>
    public bool TryPassGate(TimeSpan patience)
    {
        if (!_gate.TryEnter(patience))
        {
            return false;
        }

        _gate.Exit();
        return true;
    }

    /// <summary>Gives the memory back; nothing may be gathered.</summary>
    public void Release()
    {
        _buffer.Release();
        _replies = [];
    }

    private bool HasRoom(int replyBytes) =>
        _count < MaxReplies && (_count == 0 || _usedBytes + replyBytes <= PooledBuffer.BaseBytes);

    private void RefuseAll()
    {
        _usedBytes = 0;
        for (int i = 0; i < _count; i++)
        {
            new NbdSimpleReply(NbdError.Shutdown, _replies[i].Cookie).Write(_buffer.Bytes.AsSpan(_usedBytes));
            _usedBytes += NbdSimpleReply.SizeBytes;
        }
    }

    private void Record(bool wasLive)
    {
        long elapsedTicks = Stopwatch.GetTimestamp() - _startedAt;
        ConnectionMeter meter = session.Meter;
        foreach (ref readonly BatchedReply reply in _replies.AsSpan(0, _count))
        {
            if (reply.Operation is { } operation)
            {
                meter.Record(operation, reply.Succeeded && wasLive, reply.Fua, reply.Bytes, elapsedTicks);
            }
        }
    }
}
