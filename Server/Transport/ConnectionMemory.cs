namespace BlockEmu.Server.Transport;

/// <summary>One connection in the eyes of the budget: what its client has moved, and whose turn it is.</summary>
/// <param name="budget">What it takes from.</param>
/// <param name="evict">Drops the connection, which holds what others wait for and does not get on with it.</param>
internal sealed class ConnectionMemory(BufferBudget budget, Action evict)
{
    // Protects the pair of the waiter and the end.
    private readonly Lock _gate = new();
    private BufferWaiter? _waiting;
    private volatile bool _isAborted;
    private volatile bool _isClientsTurn;
    private long _movedBytes;

    public BufferBudget Budget { get; } = budget;

    /// <summary>Whether the connection waits for its client to send or to take something.</summary>
    public bool IsClientsTurn
    {
        get => _isClientsTurn;
        set => _isClientsTurn = value;
    }

    /// <summary>What the client has sent and taken so far.</summary>
    public long MovedBytes => Volatile.Read(ref _movedBytes);

    /// <summary>Whether the connection was reset.</summary>
    public bool IsAborted => _isAborted;

    /// <summary>While it waits for memory.</summary>
    public BufferWaiter? Waiting
    {
        set
        {
            lock (_gate)
            {
                _waiting = value;
            }
        }
    }

    /// <summary>By the connection's own thread.</summary>
    public void Move(int bytes) => Volatile.Write(ref _movedBytes, _movedBytes + bytes);

    /// <summary>The connection was reset: it waits for no memory any more. Any thread.</summary>
    public void Abort()
    {
        _isAborted = true;
        lock (_gate)
        {
            _waiting?.Wake();
        }
    }

    public void Evict() => evict();
}
