using System.Diagnostics;
using BlockEmu.Device.Transfers;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>Answering: gathers the PDUs that answer what one receive brought, and sends them in one call.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>Nothing leaves unless the queue was not stopped after the gate was taken: once it is stopped and
/// <see cref="TryPassGate"/> was true, no success can follow.</description></item>
/// <item><description>Of a queue that was stopped, what is gathered is dropped, or becomes a path error, as it was
/// stopped.</description></item>
/// <item><description>At most <see cref="MaxPdus"/> answers and one largest payload are held, in memory of the budget.</description></item>
/// </list>
/// </remarks>
internal sealed class CapsuleBatch(ClientLink link, ConnectionMemory memory, StopFlag stop)
{
    private const int MaxPdus = 1024;
    private const int FirstPdus = 32;

    // Held while a batch is checked against the stop and sent, so that a cut can wait for the send's end. Held across
    // I/O on purpose, and only ever contended by a cut.
    private readonly Lock _gate = new();
    private readonly PooledBuffer _buffer = new(memory, memory.Budget.SmallReplies, memory.Budget.LargeReplies);
    private readonly ReplyGather _gather = new(link);
    private BatchedPdu[] _pdus = [];
    private int _usedBytes;
    private int _count;
    private long _startedAt;

    /// <summary>How PDUs are written.</summary>
    public PduWriter Writer { get; } = new();

    /// <summary>Whose answers these are, from Connect on.</summary>
    public QueueSession? Session { get; set; }

    /// <summary>Whether others wait for the memory that it holds.</summary>
    public bool IsHeldFromOthers => _buffer.IsHeldFromOthers;

    /// <summary>Why <see cref="Send"/> was false.</summary>
    public SessionEnd End { get; private set; }

    /// <summary>Marks the arrival of what the next replies answer: durations count from here.</summary>
    public void Start() => _startedAt = Stopwatch.GetTimestamp();

    /// <summary>Whether data can be sent from where the disk keeps it: <see cref="View"/>.</summary>
    public bool CanView => link.HasVectors && Session!.Disk.CanView;

    /// <summary>Where reads can put what they return, to be followed by <see cref="AddView"/>.</summary>
    public ReadView View => _gather.View;

    /// <summary>Room for a command's data; false when making it meant sending, and that ended the session, or when it is
    /// short.</summary>
    /// <param name="dataBytes">How much.</param>
    /// <param name="data">The room.</param>
    /// <param name="isShort">Given, memory is not waited for, but this says so; then nothing is gathered.</param>
    public bool TryReserve(int dataBytes, out Span<byte> data, scoped ref bool isShort)
    {
        int wireBytes = Writer.DataPrefixBytes + dataBytes + Writer.DataDigestBytes + PduWriter.MaxCapsuleBytes;
        bool isReserved = HasRoom(wireBytes) || TryMakeRoom(wireBytes, ref isShort);
        data = isReserved ? _buffer.Bytes.Slice(_usedBytes + Writer.DataPrefixBytes, dataBytes) : default;
        return isReserved;
    }

    /// <summary>Adds a completion without data. False as <see cref="Send"/>.</summary>
    public bool Add(in BatchedPdu pdu, NvmeStatus status, ulong result = 0)
    {
        if (!TryReserveCapsule())
        {
            return false;
        }

        Commit(pdu, WriteCompletion(_usedBytes, pdu.CommandId, status, result));
        return true;
    }

    /// <summary>Asks for a command's data. False as <see cref="Send"/>.</summary>
    public bool AddReadyToTransfer(in BatchedPdu pdu)
    {
        if (!TryReserveCapsule())
        {
            return false;
        }

        Commit(pdu, Writer.WriteReadyToTransfer(_buffer.Bytes[_usedBytes..], pdu));
        return true;
    }

    /// <summary>Adds a success with data, which was put where <see cref="TryReserve"/> said.</summary>
    /// <param name="pdu">The completion.</param>
    /// <param name="dataBytes">Bytes of data.</param>
    /// <param name="result">DW0 and DW1.</param>
    /// <param name="maySkipCapsule">Whether the data can say that the command succeeded.</param>
    public void AddData(in BatchedPdu pdu, int dataBytes, ulong result = 0, bool maySkipCapsule = false)
    {
        Span<byte> wire = _buffer.Bytes[_usedBytes..];
        Writer.WriteDataPrefix(wire, pdu.CommandId, dataBytes, maySkipCapsule);
        int endBytes = Writer.DataPrefixBytes + dataBytes;
        endBytes += Writer.WriteDataDigest(wire[endBytes..], wire.Slice(Writer.DataPrefixBytes, dataBytes));
        Finish(pdu, endBytes, result, maySkipCapsule);
    }

    /// <summary>Adds a success with data, for which room was made with <see cref="TryReserve"/>, and which is in the view from
    /// <paramref name="firstSegment"/> on.</summary>
    public void AddView(in BatchedPdu pdu, int dataBytes, int firstSegment, bool maySkipCapsule)
    {
        Span<byte> wire = _buffer.Bytes[_usedBytes..];
        Writer.WriteDataPrefix(wire, pdu.CommandId, dataBytes, maySkipCapsule);
        _gather.Add(_usedBytes + Writer.DataPrefixBytes, dataBytes, firstSegment);
        int endBytes = Writer.DataPrefixBytes + dataBytes;
        endBytes += Writer.WriteDataDigest(wire[endBytes..], View.Segments[firstSegment..]);
        Finish(pdu, endBytes, 0, maySkipCapsule);
    }

    /// <summary>With nothing gathered: room for a PDU with a piece of data, of the little memory that every connection has.</summary>
    public Span<byte> TakePiece() => _buffer.TakeSmall();

    /// <summary>Sends a PDU that was put where <see cref="TakePiece"/> said. False: it was not; the session ended, or, when
    /// <see cref="End"/> is None, goes on with errors.</summary>
    public bool SendPiece(int wireBytes)
    {
        lock (_gate)
        {
            if (!stop.IsLive)
            {
                End = stop.End;
                return false;
            }

            End = _gather.Send(_buffer.Bytes[..wireBytes], memory) ? End : SessionEnd.Close;
            return End == SessionEnd.None;
        }
    }

    /// <summary>The data of a command has left piece by piece and said that it succeeded.</summary>
    public void CountPieces(in BatchedPdu pdu)
    {
        Commit(pdu, 0);
        Record(wasLive: true);
        _count = 0;
        ShowInFlight();
    }

    /// <summary>Sends what is gathered; false when the session ended, by a stop or by the client.</summary>
    public bool Send()
    {
        if (_count == 0)
        {
            return true;
        }

        bool isLive;
        lock (_gate)
        {
            isLive = stop.IsLive;
            if (!isLive)
            {
                // Closing sends what was decided; all else says nothing that was decided before.
                End = stop.End;
                isLive = End == SessionEnd.Close;
                if (!isLive)
                {
                    RefuseAll();
                }
            }

            if (End is SessionEnd.None or SessionEnd.Close && !_gather.Send(_buffer.Bytes[.._usedBytes], memory))
            {
                End = SessionEnd.Close;
            }

            _gather.Release();
        }

        Record(isLive);
        (_count, _usedBytes) = (0, 0);
        ShowInFlight();
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
        _pdus = [];
    }

    private int WriteCompletion(int atBytes, ushort commandId, NvmeStatus status, ulong result)
    {
        NvmeCompletion completion = new(result, Session?.Queue.SqHead ?? 0, Session?.Queue.Id ?? 0, commandId, status);
        return Writer.WriteCompletion(_buffer.Bytes[atBytes..], completion);
    }

    private void Finish(in BatchedPdu pdu, int endBytes, ulong result, bool maySkipCapsule)
    {
        if (!maySkipCapsule)
        {
            endBytes += WriteCompletion(_usedBytes + endBytes, pdu.CommandId, NvmeStatus.Success, result);
        }

        Commit(pdu, endBytes);
    }

    private void Commit(in BatchedPdu pdu, int wireBytes)
    {
        _usedBytes += wireBytes;
        if (_count == _pdus.Length)
        {
            Array.Resize(ref _pdus, Math.Max(FirstPdus, _count * 2));
        }

        _pdus[_count++] = pdu;
        ShowInFlight();
    }

    private void ShowInFlight()
    {
        if (Session?.Meter is { } meter)
        {
            meter.InFlight = _count;
        }
    }

    /// <summary>Whether it fits. Every answer of the batch can become a refusal: none is shorter than one.</summary>
    private bool HasRoom(int wireBytes) =>
        _count < MaxPdus
        && (_count == 0 || _usedBytes + wireBytes <= PooledBuffer.BaseBytes)
        && _usedBytes + wireBytes <= _buffer.CapacityBytes;

    /// <summary>By growing, as long as the batch is no larger than usual and there is memory to spare; or by sending, and
    /// then a large reply may have to wait for memory.</summary>
    private bool TryMakeRoom(int wireBytes, ref bool mayBeShort)
    {
        if (_count == 0)
        {
            return TryGrow(wireBytes, ref mayBeShort);
        }

        if (_count < MaxPdus && _usedBytes + wireBytes <= PooledBuffer.BaseBytes
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

        return TryGrow(wireBytes, ref mayBeShort);
    }

    private bool TryReserveCapsule()
    {
        bool isShort = false;
        return HasRoom(PduWriter.MaxCapsuleBytes) || TryMakeRoom(PduWriter.MaxCapsuleBytes, ref isShort);
    }

    /// <summary>With nothing gathered. False: memory is short and may be; or the connection was reset; or the machine has none.</summary>
    private bool TryGrow(int neededBytes, ref bool mayBeShort)
    {
        bool hasRoom = _buffer.TryGrow(neededBytes, 0, mayWait: !mayBeShort);
        End = hasRoom || mayBeShort ? End : SessionEnd.Reset;
        mayBeShort &= !hasRoom;
        return hasRoom;
    }

    /// <summary>Completions become path errors; what asked for data still does.</summary>
    private void RefuseAll()
    {
        _gather.Release();
        _usedBytes = 0;
        foreach (ref readonly BatchedPdu pdu in _pdus.AsSpan(0, _count))
        {
            _usedBytes += pdu.WantedBytes == 0
                ? WriteCompletion(_usedBytes, pdu.CommandId, NvmeStatus.InternalPathError.Final, 0)
                : Writer.WriteReadyToTransfer(_buffer.Bytes[_usedBytes..], pdu);
        }
    }

    private void Record(bool wasLive) =>
        BatchedPdu.Record(Session?.Meter, _pdus.AsSpan(0, _count), Stopwatch.GetTimestamp() - _startedAt, wasLive);
}
