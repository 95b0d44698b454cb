using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Nbd;

/// <summary>Taking in: receives into memory that it has the leave to hold, and gives it back.</summary>
internal sealed class RequestIntake(NbdSession session, ClientLink socket, ReplyBatch replies, ConnectionMemory memory)
{
    // How long the first request, or the next after a rest, may take before the connection rests again.
    private const int FirstPatienceMs = 20;

    // So little of a payload is kept in a small buffer while nothing comes.
    private const int MaxRestingBytes = PooledBuffer.SmallBytes / 2;

    private readonly RequestBuffer _input = new(memory);
    private readonly StockedPayload _payload = new(session, new NbdRequestFraming(session.Terms.Replies));
    private bool _isResting = true;

    /// <summary>What has been received and not yet been carried out.</summary>
    public ReadOnlySpan<byte> Arrived => _input.Arrived;

    /// <summary>A payload on its way to the disk's pages.</summary>
    public StockedPayload Payload => _payload;

    public void Consume(int bytes) => _input.Consume(bytes);

    /// <summary>Takes over what somebody else has received: no more than every connection has memory for.</summary>
    public void Add(ReadOnlySpan<byte> received)
    {
        _input.TryMakeRoom(received.Length, received.Length, mayWait: false, out Span<byte> room);
        received.CopyTo(room);
        _input.Add(received.Length);
    }

    /// <summary>A WRITE whose header is the first that is here: what has arrived of its payload goes to the disk's pages, and so does
    /// what comes. Idle: not now; End: the connection was reset while it waited for memory.</summary>
    public SocketReceipt BeginPayload(in NbdRequestHeader header, int wholeBytes)
    {
        // For the budget: what it makes room for here will lie in the disk's pages instead.
        if (!TryMakeRoom(wholeBytes, int.MaxValue, out _))
        {
            return SocketReceipt.End;
        }

        if (!_payload.TryBegin(header, Arrived))
        {
            return SocketReceipt.Idle;
        }

        Consume(Arrived.Length);
        return SocketReceipt.Data;
    }

    /// <summary>Receives. End: also when the connection was reset while it waited for memory.</summary>
    /// <param name="neededBytes">How many must fit, from the first that is here.</param>
    /// <param name="limitBytes">How many to take at most.</param>
    public SocketReceipt Receive(int neededBytes, int limitBytes)
    {
        // Just begun or resting: a buffer is worth its while only when something is there.
        if (_isResting && !socket.HasArrivals && !socket.WaitUntilReadable(FirstPatienceMs))
        {
            return SocketReceipt.Idle;
        }

        _isResting = false;
        memory.IsClientsTurn = false;
        if (!TryMakeRoom(neededBytes, limitBytes, out Span<byte> room))
        {
            return SocketReceipt.End;
        }

        memory.IsClientsTurn = true;
        SocketReceipt receipt = socket.Receive(room, out int receivedBytes);
        memory.IsClientsTurn = false;
        memory.Move(receivedBytes);
        _input.Add(receivedBytes);
        if (_payload.IsBegun)
        {
            Absorb();
        }

        return receipt;
    }

    private void Absorb()
    {
        if (_payload.TryAbsorb(Arrived, out int takenBytes))
        {
            Consume(takenBytes);
        }
        else
        {
            // The disk has no power, or the host no memory, for it any more: what is left is received as anything else is, and refused.
            _input.PutBack(_payload.Withdraw());
        }
    }

    /// <summary>Nothing came for a while: gives the memory back. A request begun keeps its bytes.</summary>
    public void Rest()
    {
        replies.Release();
        if (_payload.IsBegun && _payload.DoneBytes <= MaxRestingBytes)
        {
            _input.PutBack(_payload.Withdraw());
        }

        if (!_payload.IsBegun)
        {
            _payload.Release();
            _input.Rest();
        }

        _isResting = true;

        // What it keeps, it keeps for its client.
        memory.IsClientsTurn = true;
    }

    public void Release()
    {
        _payload.Release();
        _input.Release();
    }

    private bool TryMakeRoom(int neededBytes, int limitBytes, out Span<byte> room)
    {
        if (replies.IsHeldFromOthers)
        {
            replies.Release();
        }

        if (!_payload.IsBegun && _input.IsHeldFromOthers(neededBytes))
        {
            _input.Rest();
        }

        if (_input.TryMakeRoom(neededBytes, limitBytes, mayWait: false, out room))
        {
            return true;
        }

        // Who waits for memory to receive holds none to send.
        replies.Release();
        return _input.TryMakeRoom(neededBytes, limitBytes, mayWait: true, out room);
    }
}
