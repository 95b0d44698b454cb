namespace BlockEmu.Server.Transport;

/// <summary>Threads for connections that have something to do: one for each, a few of them kept warm between two.</summary>
internal sealed class ConnectionThreads : IDisposable
{
    /// <summary>What a connection's thread needs at most, with room to spare; only what is touched costs memory.</summary>
    public const int StackBytes = 256 << 10;

    private const int MaxWarm = 16;
    private static readonly TimeSpan Warmth = TimeSpan.FromSeconds(5);

    // Protects the warm ones and the turn to the end.
    private readonly Lock _gate = new();
    private readonly List<ConnectionThread> _warm = [];
    private bool _isClosed;

    /// <summary>Has it worked on by a thread of its own.</summary>
    public void Run(IParkable work)
    {
        ConnectionThread? warm = null;
        lock (_gate)
        {
            if (_warm.Count > 0)
            {
                // The one that is warmest.
                warm = _warm[^1];
                _warm.RemoveAt(_warm.Count - 1);
            }
        }

        if (warm is not null)
        {
            warm.Give(work);
            return;
        }

        try
        {
#pragma warning disable CA2000 // It is its own thread's, which disposes of it.
            new ConnectionThread(this, work).Start();
#pragma warning restore CA2000
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            work.Fail(e);
        }
    }

    /// <summary>Warm threads end; those at work end with it.</summary>
    public void Dispose()
    {
        ConnectionThread[] warm;
        lock (_gate)
        {
            _isClosed = true;
            warm = [.. _warm];
            _warm.Clear();
        }

        Array.ForEach(warm, t => t.Give(null));
    }

    /// <summary>Waits for more work; null when the thread is to end.</summary>
    internal IParkable? WaitForMore(ConnectionThread thread)
    {
        lock (_gate)
        {
            if (_isClosed || _warm.Count >= MaxWarm)
            {
                return null;
            }

            _warm.Add(thread);
        }

        if (thread.TryTake(Warmth, out IParkable? work))
        {
            return work;
        }

        lock (_gate)
        {
            if (_warm.Remove(thread))
            {
                return null;
            }
        }

        // Something is being given at this very moment.
        thread.TryTake(Timeout.InfiniteTimeSpan, out work);
        return work;
    }
}
