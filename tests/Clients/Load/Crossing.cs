namespace BlockEmu.Clients.Tests.Load;

/// <summary>Tells when all clients together have had so many replies: a random instant that no clock decides.</summary>
internal sealed class Crossing(long replies) : IDisposable
{
    private readonly ManualResetEventSlim _isReached = new();
    private long _left = replies;

    public void Count()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _isReached.Set();
        }
    }

    /// <summary>A client that failed ends the wait, too.</summary>
    public void GiveUp() => _isReached.Set();

    public bool Wait(TimeSpan patience) => _isReached.Wait(patience);

    public void Dispose() => _isReached.Dispose();
}
