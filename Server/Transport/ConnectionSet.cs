using System.Collections.Concurrent;

namespace BlockEmu.Server.Transport;

/// <summary>All connections of a front end, and how they come to their end together.</summary>
internal sealed class ConnectionSet<TConnection>
    where TConnection : class, IFrontEndConnection
{
    private readonly ConcurrentDictionary<TConnection, bool> _connections = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One for each connection, and one for the front end itself until it stops.
    private int _holders = 1;

    public int Count => _connections.Count;

    public IEnumerable<TConnection> All => _connections.Keys;

    public void Add(TConnection connection)
    {
        Interlocked.Increment(ref _holders);
        _connections.TryAdd(connection, true);
    }

    /// <summary>It has ended, and touches nothing any more.</summary>
    public void Remove(TConnection connection)
    {
        _connections.TryRemove(connection, out _);
        Release();
    }

    /// <summary>Once, when no more will be added: returns when the last has ended. After the grace they are reset.</summary>
    public async Task StopAsync(TimeSpan grace, TimeProvider time)
    {
        foreach (TConnection connection in _connections.Keys)
        {
            connection.Stop();
        }

        Release();
        if (grace > TimeSpan.Zero)
        {
            await Task.WhenAny(_empty.Task, Task.Delay(grace, time));
        }

        foreach (TConnection connection in _connections.Keys)
        {
            connection.Reset();
        }

        // What is left now is inside a disk's call, which ends: the disks must not be closed before.
        await _empty.Task;
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            _empty.TrySetResult();
        }
    }
}
