namespace BlockEmu.Server.Transport;

/// <summary>One connection that waits for memory.</summary>
internal sealed class BufferWaiter(ConnectionMemory owner, long bytes) : IDisposable
{
    private readonly ManualResetEventSlim _awake = new();

    public ConnectionMemory Owner { get; } = owner;

    public long Bytes { get; } = bytes;

    /// <summary>Whether it has the memory. Under the share's lock.</summary>
    public bool IsGranted { get; private set; }

    public void Grant()
    {
        IsGranted = true;
        _awake.Set();
    }

    /// <summary>Its connection was reset: there is nothing to wait for.</summary>
    public void Wake() => _awake.Set();

    /// <summary>False when it was not woken.</summary>
    public bool TryWait(TimeSpan patience) => _awake.Wait(patience);

    public void Dispose() => _awake.Dispose();
}
