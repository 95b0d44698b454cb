using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Outside;

/// <summary>What the clients of one disk saw between two power-ons, in one order: requests sent, replies received, the cut.
/// Any number of threads may write it.</summary>
/// <remarks>
/// <list type="number">
/// <item><description><see cref="Send"/> is called before the first byte of the request is sent, <see cref="Answer"/> after
/// the reply was read: so what the log calls "answered before sent" was acknowledged before it was accepted, whatever the
/// threads did in between.</description></item>
/// <item><description>A request that is not answered, or not with success, may have had its effect or not, in whole
/// atoms.</description></item>
/// <item><description>What was sent after <see cref="Cut"/> and never succeeded had none.</description></item>
/// <item><description>A log that cannot be (two replies to a request) is an <see cref="ArgumentException"/>: the recorder's
/// fault, not the disk's.</description></item>
/// </list>
/// </remarks>
public sealed class ClientLog
{
    // Protects everything below: a position is given to one event only.
    private readonly Lock _recording = new();
    private readonly List<ClientOperation> _operations = [];
    private int _position;
    private int _cutAt = ClientOperation.Never;

    /// <summary>An empty log.</summary>
    /// <param name="geometry">The disk, and what it promises of power cuts.</param>
    /// <param name="awunBytes">AWUN: a write-class command up to this size becomes visible at once. 0 = nothing is promised, as
    /// under the isolation modes <c>page</c> and <c>hand-over-hand</c>, or where NABSN boundaries cut commands.</param>
    public ClientLog(TraceGeometry geometry, long awunBytes = 0)
    {
        if (geometry.Fault() is { } fault)
        {
            throw new ArgumentException(fault, nameof(geometry));
        }

        ArgumentOutOfRangeException.ThrowIfNegative(awunBytes);
        (Geometry, AwunBytes) = (geometry, awunBytes);
    }

    /// <summary>The disk.</summary>
    public TraceGeometry Geometry { get; }

    /// <summary>AWUN; 0 = nothing is promised.</summary>
    public long AwunBytes { get; }

    /// <summary>A write-class request is about to be sent. The payload is kept, not copied; empty for zeroes and trims. Any
    /// alignment; no bytes at all have no effect.</summary>
    /// <param name="client">Who sends it; may be empty.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="lengthBytes">Length.</param>
    /// <param name="isFua">Whether it asks for FUA.</param>
    /// <param name="payload">The data of a write.</param>
    /// <param name="promise">What the disk promises of it, where that was changed since power on; null = what the geometry says. Of a
    /// request that was under way while it changed, nobody knows which held: say the one that promises less.</param>
    /// <returns>The request's number, for <see cref="Answer"/> and in verdicts.</returns>
    public int Send(
        string client, StepKind kind, long offsetBytes, long lengthBytes, bool isFua = false, ReadOnlyMemory<byte> payload = default,
        AtomicityPromise? promise = null)
    {
        Judge(
            promise is null || (promise.Fault() is null && promise.BlockSizeBytes == Geometry.Promise.BlockSizeBytes),
            promise?.Fault() ?? "the promise is for another block size");
        Judge(
            offsetBytes >= 0 && lengthBytes >= 0 && lengthBytes <= Geometry.SizeBytes && offsetBytes <= Geometry.SizeBytes - lengthBytes,
            $"{offsetBytes}+{lengthBytes} is not inside the disk");
        Judge(
            payload.Length == (kind == StepKind.Write ? lengthBytes : 0),
            $"a payload of {payload.Length} bytes for a {kind} of {lengthBytes}");
        lock (_recording)
        {
            return Add(new ClientOperation
            {
                Number = _operations.Count + 1,
                Client = client,
                Kind = kind,
                Range = new Extent(offsetBytes, lengthBytes),
                IsFua = isFua,
                Payload = payload,
                Promise = promise ?? Geometry.Promise,
                SentAt = _position++,
            });
        }
    }

    /// <summary>A flush is about to be sent.</summary>
    /// <inheritdoc cref="Send" path="/returns"/>
    public int SendFlush(string client)
    {
        lock (_recording)
        {
            return Add(new ClientOperation { Number = _operations.Count + 1, Client = client, SentAt = _position++ });
        }
    }

    /// <summary>The reply has arrived.</summary>
    public void Answer(int operation, bool isGood = true)
    {
        lock (_recording)
        {
            Judge(operation >= 1 && operation <= _operations.Count, $"there is no request {operation}");
            ClientOperation answered = _operations[operation - 1];
            Judge(answered.AnsweredAt == ClientOperation.Never, $"{answered} is answered twice");
            (answered.AnsweredAt, answered.IsGood) = (_position++, isGood);
        }
    }

    /// <summary>The power is known to be off.</summary>
    public void Cut()
    {
        lock (_recording)
        {
            Judge(_cutAt == ClientOperation.Never, "a second cut");
            _cutAt = _position++;
        }
    }

    /// <summary>Every request that may have had an effect or made a promise, by the position at which it was sent.</summary>
    internal List<ClientOperation> Effective()
    {
        lock (_recording)
        {
            return _operations.FindAll(o => o.SentAt < _cutAt || o.IsGood);
        }
    }

    private int Add(ClientOperation operation)
    {
        _operations.Add(operation);
        return operation.Number;
    }

    private static void Judge(bool holds, string fault)
    {
        if (!holds)
        {
            throw new ArgumentException(fault);
        }
    }
}
