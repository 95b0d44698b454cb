using BlockEmu.Server.Transport;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>Sends what is gathered and waits for more, as long as the session lasts. Every method that returns false has ended it
/// (<see cref="End"/>), or found nothing to do.</summary>
internal sealed class PduFlow(ClientLink link, CapsuleBatch replies, ConnectionMemory memory, StopFlag stop, Func<bool> isStopping)
{
    private volatile bool _isIdle;

    public PduIntake Input { get; } = new(link, replies, memory);

    /// <summary>The commands whose data is to come.</summary>
    public HostTransfers Transfers { get; } = new(memory, replies);

    /// <summary>Whether it has more to say than its host asks for: it never waits in a receive then, but where it can be
    /// woken.</summary>
    public bool IsTalkative { get; set; }

    /// <summary>Whether it waits for a PDU of which nothing has arrived. Any thread.</summary>
    public bool IsIdle => _isIdle;

    /// <summary>How the session ended.</summary>
    public SessionEnd End { get; private set; }

    public bool EndWith(SessionEnd end)
    {
        End = end;
        return false;
    }

    public bool EndAsReplies() => EndWith(replies.End);

    /// <summary>Gives back what it holds.</summary>
    public void Release()
    {
        Transfers.Release();
        Input.Release();
        replies.Release();
    }

    /// <summary>Sends what is gathered. False also when there was nothing to send and the queue was stopped.</summary>
    public bool SendReplies() => replies.Send() ? stop.IsLive || EndStopped() : EndAsReplies();

    /// <summary>Sends what is gathered, then waits for more.</summary>
    /// <param name="neededBytes">How many must fit, from the first that is here.</param>
    /// <param name="isMidData">Whether the middle of a PDU's data is waited for.</param>
    public bool Receive(int neededBytes, bool isMidData = false)
    {
        if (!SendReplies() || (Transfers.IsStarved && !WaitForMemory()))
        {
            return false;
        }

        // While the server stops, what has begun is still received, and what is there; then the connection ends.
        bool isMidCommand = isMidData || Transfers.Count > 0 || !Input.Arrived.IsEmpty;
        _isIdle = !isMidCommand;
        while (isMidCommand || !isStopping() || link.HasArrivals)
        {
            SocketReceipt receipt = IsTalkative && !link.WaitUntilReadable(0) ? SocketReceipt.Idle : Input.Receive(neededBytes);
            if (receipt == SocketReceipt.End)
            {
                return EndWith(SessionEnd.Close);
            }

            if (receipt == SocketReceipt.Data)
            {
                return GoOn();
            }

            if (TryRest(isMidCommand))
            {
                return false;
            }
        }

        return EndWith(SessionEnd.Close);
    }

    /// <summary>Sends what is gathered, then receives data to where it is kept; nothing may be here.</summary>
    public bool ReceiveData(Span<byte> room, out int receivedBytes)
    {
        receivedBytes = 0;
        if (!SendReplies())
        {
            return false;
        }

        // Nothing of it for a while: it goes on as any PDU that has begun.
        return Input.Receive(room, out receivedBytes) switch
        {
            SocketReceipt.Data => GoOn(),
            SocketReceipt.Idle => Receive(1, isMidData: true),
            _ => EndWith(SessionEnd.Close),
        };
    }

    private bool GoOn()
    {
        _isIdle = false;
        replies.Start();
        return stop.IsLive || EndStopped();
    }

    /// <summary>Nothing came for as long as it has patience. False when the server stops and there is nothing to wait
    /// for.</summary>
    private bool TryRest(bool isMidCommand)
    {
        Input.Rest();
        Transfers.Rest();

        // It said that it is idle: a stop that did not see this is seen here.
        Interlocked.MemoryBarrier();
        return isMidCommand || !isStopping();
    }

    private bool WaitForMemory()
    {
        // Who waits for memory for requests holds none for replies.
        replies.Release();
        return Transfers.WaitForMemory() ? SendReplies() : EndWith(replies.End == SessionEnd.None ? SessionEnd.Close : replies.End);
    }

    /// <summary>True when the disk is set to answer on with errors.</summary>
    private bool EndStopped() => stop.End == SessionEnd.None || EndWith(stop.End);
}
