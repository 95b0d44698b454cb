using System.Diagnostics;

namespace BlockEmu.Server.Transport;

/// <summary>A part of the memory of all connections' buffers: taken, waited for in turn, given back.</summary>
/// <remarks>While somebody waits, a holder whose client moves less than a sixteenth of what it holds within the patience,
/// although it is the client's turn, is evicted.</remarks>
internal sealed class BufferShare(long limitBytes, TimeSpan patience)
{
    private const int MovedParts = 16;
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(1);

    // Protects everything below. Never held while a connection is reset.
    private readonly Lock _gate = new();
    private readonly LinkedList<BufferWaiter> _waiters = [];
    private readonly Dictionary<ConnectionMemory, BufferHolding> _holdings = [];
    private long _usedBytes;
    private volatile bool _isContended;

    /// <summary>Whether somebody waits: what is held and not needed should be given back.</summary>
    public bool IsContended => _isContended;

    public long UsedBytes => Interlocked.Read(ref _usedBytes);

    /// <summary>Takes at once or not at all.</summary>
    public bool TryTake(ConnectionMemory owner, long bytes)
    {
        lock (_gate)
        {
            bool fits = _waiters.Count == 0 && Fits(bytes);
            if (fits)
            {
                Hold(owner, bytes);
            }

            return fits;
        }
    }

    /// <summary>Takes, after all who waited before; false when the owner's connection was reset meanwhile.</summary>
    public bool Take(ConnectionMemory owner, long bytes)
    {
        if (TryTake(owner, bytes))
        {
            return true;
        }

        using BufferWaiter waiter = new(owner, bytes);
        lock (_gate)
        {
            _waiters.AddLast(waiter);
            GrantInTurn();
        }

        owner.Waiting = waiter;
        TimeSpan look = patience / 4 < LongestLook ? patience / 4 : LongestLook;
        while (!owner.IsAborted && !waiter.TryWait(look))
        {
            EvictStalled(waiter);
        }

        owner.Waiting = null;
        lock (_gate)
        {
            _waiters.Remove(waiter);
            GrantInTurn();
            return waiter.IsGranted;
        }
    }

    /// <summary>Gives back.</summary>
    public void Return(ConnectionMemory owner, long bytes)
    {
        lock (_gate)
        {
            _usedBytes -= bytes;
            BufferHolding holding = _holdings[owner];
            if (holding.Bytes == bytes)
            {
                _holdings.Remove(owner);
            }
            else
            {
                _holdings[owner] = holding with { Bytes = holding.Bytes - bytes };
            }

            GrantInTurn();
        }
    }

    /// <summary>What is larger than all of it is had by one alone.</summary>
    private bool Fits(long bytes) => _usedBytes == 0 || _usedBytes + bytes <= limitBytes;

    private void Hold(ConnectionMemory owner, long bytes)
    {
        _usedBytes += bytes;
        long heldBytes = _holdings.TryGetValue(owner, out BufferHolding held) ? held.Bytes : 0;
        _holdings[owner] = new BufferHolding(heldBytes + bytes, owner.MovedBytes, Stopwatch.GetTimestamp());
    }

    private void GrantInTurn()
    {
        while (_waiters.First is { Value: var first } && Fits(first.Bytes))
        {
            _waiters.RemoveFirst();
            Hold(first.Owner, first.Bytes);
            first.Grant();
        }

        bool wasContended = _isContended;
        _isContended = _waiters.Count > 0;
        if (_isContended && !wasContended)
        {
            // The patience with holders begins with the first who waits.
            Restart(static _ => true);
        }
    }

    private void Restart(Func<ConnectionMemory, bool> which)
    {
        foreach ((ConnectionMemory owner, BufferHolding holding) in _holdings.Where(h => which(h.Key)).ToArray())
        {
            _holdings[owner] = new BufferHolding(holding.Bytes, owner.MovedBytes, Stopwatch.GetTimestamp());
        }
    }

    private void EvictStalled(BufferWaiter waiter)
    {
        ConnectionMemory[] stalled;
        lock (_gate)
        {
            if (_waiters.First?.Value != waiter)
            {
                // Whoever is first looks for all.
                return;
            }

            Restart(static owner => !owner.IsClientsTurn);
            KeyValuePair<ConnectionMemory, BufferHolding>[] due =
                [.. _holdings.Where(h => Stopwatch.GetElapsedTime(h.Value.SinceTicks) >= patience)];
            stalled = [.. due.Where(h => h.Key.MovedBytes - h.Value.MovedBytes < h.Value.Bytes / MovedParts).Select(h => h.Key)];
            Restart(owner => due.Any(h => h.Key == owner));
        }

        Array.ForEach(stalled, owner => owner.Evict());
    }
}
