using System.Diagnostics;
using BlockEmu.Device.Transfers;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Nbd;

/// <summary>Answering: gathers the replies to what one receive brought and sends them in one call.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>Nothing leaves unless the session was live after the gate was taken: once a cut has happened and
/// <see cref="TryPassGate"/> was true, no success can follow.</description></item>
/// <item><description>With the power off, gathered replies are dropped, or become NBD_ESHUTDOWN, as the disk is
/// set.</description></item>
/// <item><description>At most <see cref="MaxReplies"/> replies and one largest payload are held, in memory of the
/// budget.</description></item>
/// </list>
/// </remarks>
internal sealed class ReplyBatch(NbdSession session, ClientLink socket, ConnectionMemory memory)
{
    private const int MaxReplies = 1024;
    private const int FirstReplies = 32;

    // Held while a batch is checked against the power and sent, so that a cut can wait for the send's end. Held across
    // I/O on purpose, and only ever contended by a cut.
    private readonly Lock _gate = new();
    private readonly PooledBuffer _buffer = new(memory, memory.Budget.SmallReplies, memory.Budget.LargeReplies);
    private readonly ReplyWriter _writer = new(session.Terms.Replies);
    private readonly ReplyGather _gather = new(socket);
    private BatchedReply[] _replies = [];
    private int _usedBytes;
    private int _count;
    private long _startedAt;

    /// <summary>Whether others wait for the memory that it holds.</summary>
    public bool IsHeldFromOthers => _buffer.IsHeldFromOthers;

    /// <summary>How its replies are written.</summary>
    public ReplyWriter Writer => _writer;

    /// <summary>Why <see cref="Send"/> was false.</summary>
    public SessionEnd End { get; private set; }

    /// <summary>Marks the arrival of what the next replies answer: durations count from here.</summary>
    public void Start() => _startedAt = Stopwatch.GetTimestamp();

    /// <summary>Room for a READ's data; false when making it meant sending, and that ended the session, or when it is
    /// short.</summary>
    /// <param name="dataBytes">How much.</param>
    /// <param name="data">The room.</param>
    /// <param name="isShort">Given, memory is not waited for, but this says so; then nothing is gathered.</param>
    public bool TryReserve(int dataBytes, out Span<byte> data, scoped ref bool isShort)
    {
        bool isReserved = HasRoom(_writer.DataPrefixBytes + dataBytes) || TryMakeRoom(_writer.DataPrefixBytes + dataBytes, ref isShort);
        data = isReserved ? _buffer.Bytes.Slice(_usedBytes + _writer.DataPrefixBytes, dataBytes) : default;
        return isReserved;
    }

    /// <summary>With nothing gathered, because memory is short: room for a piece of what is sent, of the little memory that every
    /// connection has.</summary>
    public Span<byte> TakePiece() => _buffer.TakeSmall();

    /// <summary>Sends a piece that was put where <see cref="TakePiece"/> said; the last one is counted as the reply. False: nothing was
    /// sent; the session ended, or, when <see cref="End"/> is None, goes on with errors.</summary>
    public bool SendPiece(int wireBytes, in BatchedReply reply, bool isLast)
    {
        lock (_gate)
        {
            if (!session.IsLive)
            {
                End = session.EndWhenNotLive();
                return false;
            }

            if (!_gather.Send(_buffer.Bytes[..wireBytes], memory))
            {
                End = SessionEnd.Close;
                return false;
            }
        }

        if (isLast)
        {
            Commit(reply, 0);
            Record(wasLive: true);
            (_count, session.Meter.InFlight) = (0, 0);
        }

        return true;
    }

    /// <summary>Half a reply that cannot be made whole ends the session.</summary>
    public bool BreakOff()
    {
        End = End == SessionEnd.None ? SessionEnd.Close : End;
        return false;
    }

    /// <summary>Adds a READ's reply, whose data was put where <see cref="TryReserve"/> said; all zeroes may leave as a
    /// hole.</summary>
    public void AddData(in BatchedReply reply, int dataBytes, bool isHole = false)
    {
        Span<byte> wire = _buffer.Bytes[_usedBytes..];
        Commit(
            reply,
            isHole
                ? _writer.WriteHole(wire, reply, (uint)dataBytes)
                : _writer.WriteDataPrefix(wire, reply, dataBytes) + dataBytes);
    }

    /// <summary>Whether data can be sent from where the disk keeps it: <see cref="View"/>.</summary>
    public bool CanView => socket.HasVectors && session.Disk.CanView;

    /// <summary>Where reads can put what they return, to be followed by <see cref="AddView"/>.</summary>
    public ReadView View => _gather.View;

    /// <summary>Adds a READ's reply, for whose data room was made with <see cref="TryReserve"/>, and which is in the view from
    /// <paramref name="firstSegment"/> on.</summary>
    public void AddView(in BatchedReply reply, int dataBytes, int firstSegment)
    {
        int prefixBytes = _writer.WriteDataPrefix(_buffer.Bytes[_usedBytes..], reply, dataBytes);
        _gather.Add(_usedBytes + prefixBytes, dataBytes, firstSegment);
        Commit(reply, prefixBytes + dataBytes);
    }

    /// <summary>Adds a reply without data. False as <see cref="Send"/>.</summary>
    public bool Add(in BatchedReply reply, in NbdRefusal refusal)
    {
        if (!TryReserveWire(ReplyWriter.MaxStatusBytes, out Span<byte> wire))
        {
            return false;
        }

        Commit(reply, _writer.WriteStatus(wire, reply, refusal));
        return true;
    }

    /// <summary>Room for a reply as it goes over the wire, to be followed by <see cref="Commit"/>. False as
    /// <see cref="Send"/>.</summary>
    public bool TryReserveWire(int replyBytes, out Span<byte> wire)
    {
        bool isShort = false;
        bool isReserved = HasRoom(replyBytes) || TryMakeRoom(replyBytes, ref isShort);
        wire = isReserved ? _buffer.Bytes.Slice(_usedBytes, replyBytes) : default;
        return isReserved;
    }

    /// <summary>The reply that was written into reserved room is one of the batch, with so many bytes of it.</summary>
    public void Commit(in BatchedReply reply, int replyBytes)
    {
        _usedBytes += replyBytes;
        if (_count == _replies.Length)
        {
            Array.Resize(ref _replies, Math.Max(FirstReplies, _count * 2));
        }

        _replies[_count++] = reply;
        session.Meter.InFlight = _count;
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

            if (End == SessionEnd.None && !_gather.Send(_buffer.Bytes[.._usedBytes], memory))
            {
                End = SessionEnd.Close;
            }

            _gather.Release();
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
        _gather.Trim();
        _buffer.Release();
        _replies = [];
    }

    /// <summary>Whether it fits, and every reply of the batch could become a refusal.</summary>
    private bool HasRoom(int replyBytes) =>
        _count < MaxReplies
        && (_count == 0 || _usedBytes + replyBytes <= PooledBuffer.BaseBytes)
        && Math.Max(_usedBytes + replyBytes, (_count + 1) * _writer.RefusedBytes) <= _buffer.CapacityBytes;

    /// <summary>By growing, as long as the batch is no larger than usual and there is memory to spare; or by sending, and
    /// then a large reply may have to wait for memory.</summary>
    private bool TryMakeRoom(int replyBytes, ref bool mayBeShort)
    {
        int neededBytes = Math.Max(replyBytes, _writer.RefusedBytes);
        if (_count == 0)
        {
            return TryGrow(neededBytes, ref mayBeShort);
        }

        if (_count < MaxReplies && _usedBytes + neededBytes <= PooledBuffer.BaseBytes
            && _buffer.CapacityBytes < PooledBuffer.BaseBytes
            && _buffer.TryGrow(PooledBuffer.BaseBytes, _usedBytes, mayWait: false))
        {
            return true;
        }

        if (!Send())
        {
            mayBeShort = false;
            return false;
        }

        return TryGrow(neededBytes, ref mayBeShort);
    }

    /// <summary>With nothing gathered. False: memory is short and that may be; or the connection was reset, or the machine has no
    /// memory.</summary>
    private bool TryGrow(int neededBytes, ref bool mayBeShort)
    {
        bool hasRoom = _buffer.TryGrow(neededBytes, 0, mayWait: !mayBeShort);
        End = hasRoom || mayBeShort ? End : SessionEnd.Reset;
        mayBeShort &= !hasRoom;
        return hasRoom;
    }

    private void RefuseAll()
    {
        _gather.Release();
        _usedBytes = 0;
        for (int i = 0; i < _count; i++)
        {
            _usedBytes += _writer.WriteStatus(_buffer.Bytes[_usedBytes..], _replies[i], NbdErrors.PowerIsOff);
        }
    }

    private void Record(bool wasLive)
    {
        long elapsedTicks = Stopwatch.GetTimestamp() - _startedAt;
        int bucket = ConnectionMeter.FindBucket(elapsedTicks);
        ConnectionMeter meter = session.Meter;
        foreach (ref readonly BatchedReply reply in _replies.AsSpan(0, _count))
        {
            if (reply.Operation is { } operation)
            {
                meter.Record(operation, reply.Succeeded && wasLive, reply.Fua, reply.Bytes, elapsedTicks, bucket);
            }
        }
    }
}
