using BlockEmu.Server.Transport;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>Taking in: receives into memory that it has the leave to hold, and gives it back.</summary>
internal sealed class PduIntake(ClientLink link, CapsuleBatch replies, ConnectionMemory memory)
{
    // How long the first PDU, or the next after a rest, may take before the connection rests again.
    private const int FirstPatienceMs = 20;

    private readonly RequestBuffer _input = new(memory);
    private bool _isResting = true;

    /// <summary>What has been received and not yet been carried out.</summary>
    public ReadOnlySpan<byte> Arrived => _input.Arrived;

    public void Consume(int bytes) => _input.Consume(bytes);

    /// <summary>Receives. End: also when the connection was reset while it waited for memory.</summary>
    /// <param name="neededBytes">How many must fit, from the first that is here.</param>
    public SocketReceipt Receive(int neededBytes)
    {
        // Just begun or resting: a buffer is worth its while only when something is there.
        if (_isResting && !link.HasArrivals && !link.WaitUntilReadable(FirstPatienceMs))
        {
            return SocketReceipt.Idle;
        }

        _isResting = false;
        memory.IsClientsTurn = false;
        if (!TryMakeRoom(neededBytes, out Span<byte> room))
        {
            return SocketReceipt.End;
        }

        SocketReceipt receipt = Receive(room, out int receivedBytes);
        _input.Add(receivedBytes);
        return receipt;
    }

    /// <summary>Receives data to where it is kept; nothing may be here.</summary>
    public SocketReceipt Receive(Span<byte> room, out int receivedBytes)
    {
        memory.IsClientsTurn = true;
        SocketReceipt receipt = link.Receive(room, out receivedBytes);
        memory.IsClientsTurn = false;
        memory.Move(receivedBytes);
        return receipt;
    }

    /// <summary>Nothing came for a while: gives the memory back. A PDU begun keeps its bytes.</summary>
    public void Rest()
    {
        replies.Release();
        _input.Rest();
        _isResting = true;

        // What it keeps, it keeps for its client.
        memory.IsClientsTurn = true;
    }

    public void Release() => _input.Release();

    private bool TryMakeRoom(int neededBytes, out Span<byte> room)
    {
        if (replies.IsHeldFromOthers)
        {
            replies.Release();
        }

        if (_input.IsHeldFromOthers(neededBytes))
        {
            _input.Rest();
        }

        if (_input.TryMakeRoom(neededBytes, int.MaxValue, mayWait: false, out room))
        {
            return true;
        }

        // Who waits for memory to receive holds none to send.
        replies.Release();
        return _input.TryMakeRoom(neededBytes, int.MaxValue, mayWait: true, out room);
    }
}
