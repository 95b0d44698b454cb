using System.Diagnostics;

namespace BlockEmu.Server.Transport;

/// <summary>A part of the memory of all connections' buffers: taken, waited for in turn, given back.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>While somebody waits, a holder whose client moves less than a sixteenth of what it holds within the patience,
/// although it is the client's turn, is evicted.</description></item>
/// <item><description>Great demands (more than <see cref="ModestBytes"/>) have three quarters at most and wait in a turn of their own:
/// who asks for 64 MiB and takes nothing keeps nobody from 1 MiB. Modest ones have all of it, but only the last quarter while
/// great ones wait.</description></item>
/// <item><description>What one connection holds beyond <see cref="FairBytes"/> lies in the first half, of a share that is not too small
/// for that.</description></item>
/// </list>
/// </remarks>
internal sealed class BufferShare(long limitBytes, TimeSpan patience)
{
    /// <summary>The largest demand that is not great.</summary>
    public const int ModestBytes = 4 << 20;

    /// <summary>What a connection may hold whatever the others do.</summary>
    public const int FairBytes = 1 << 20;

    private const int MovedParts = 16;
    private const int Quarters = 4;
    private const long LeastFairParts = 64;
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(1);

    // Protects everything below. Never held while a connection is reset.
    private readonly Lock _gate = new();
    private readonly LinkedList<BufferWaiter> _modestWaiters = [];
    private readonly LinkedList<BufferWaiter> _greatWaiters = [];
    private readonly Dictionary<ConnectionMemory, BufferHolding> _holdings = [];
    private long _usedBytes;
    private long _greatBytes; // of these
    private volatile bool _isContended;

    /// <summary>Whether somebody waits: what is held and not needed should be given back.</summary>
    public bool IsContended => _isContended;

    public long UsedBytes => Interlocked.Read(ref _usedBytes);

    /// <summary>Takes at once or not at all.</summary>
    public bool TryTake(ConnectionMemory owner, long bytes)
    {
        lock (_gate)
        {
            bool fits = QueueOf(bytes).Count == 0 && Fits(bytes) && IsFair(owner, bytes);
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
            QueueOf(bytes).AddLast(waiter);
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
            QueueOf(bytes).Remove(waiter);
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
            _greatBytes -= IsGreat(bytes) ? bytes : 0;
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

    private static bool IsGreat(long bytes) => bytes > ModestBytes;

    private LinkedList<BufferWaiter> QueueOf(long bytes) => IsGreat(bytes) ? _greatWaiters : _modestWaiters;

    /// <summary>What is larger than its part of it is had by one alone.</summary>
    private bool Fits(long bytes)
    {
        long modestBytes = _usedBytes - _greatBytes;
        return IsGreat(bytes)
            ? _greatBytes == 0 || (_greatBytes + bytes <= limitBytes - (limitBytes / Quarters) && _usedBytes + bytes <= limitBytes)
            : _usedBytes == 0 || modestBytes + bytes <= limitBytes / Quarters
                || (_greatWaiters.Count == 0 && _usedBytes + bytes <= limitBytes);
    }

    private bool IsFair(ConnectionMemory owner, long bytes) =>
        IsGreat(bytes) || _usedBytes + bytes <= limitBytes / 2 || limitBytes < LeastFairParts * FairBytes
        || !_holdings.TryGetValue(owner, out BufferHolding held) || held.Bytes + bytes <= FairBytes;

    private void Hold(ConnectionMemory owner, long bytes)
    {
        _usedBytes += bytes;
        _greatBytes += IsGreat(bytes) ? bytes : 0;
        long heldBytes = _holdings.TryGetValue(owner, out BufferHolding held) ? held.Bytes : 0;
        _holdings[owner] = new BufferHolding(heldBytes + bytes, owner.MovedBytes, Stopwatch.GetTimestamp());
    }

    private void GrantInTurn()
    {
        Grant(_greatWaiters);
        Grant(_modestWaiters);
        bool wasContended = _isContended;
        _isContended = _greatWaiters.Count + _modestWaiters.Count > 0;
        if (_isContended && !wasContended)
        {
            // The patience with holders begins with the first who waits.
            Restart(static _ => true);
        }
    }

    private void Grant(LinkedList<BufferWaiter> waiters)
    {
        while (waiters.First is { Value: var first } && Fits(first.Bytes))
        {
            waiters.RemoveFirst();
            Hold(first.Owner, first.Bytes);
            first.Grant();
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
            if ((_modestWaiters.First ?? _greatWaiters.First)?.Value != waiter)
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
