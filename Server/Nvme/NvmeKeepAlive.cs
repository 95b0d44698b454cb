namespace BlockEmu.Server.Nvme;

/// <summary>The Keep Alive Timer of a controller (Base 3.9): fires when no Keep Alive came for KATO.</summary>
internal sealed class NvmeKeepAlive : IDisposable
{
    /// <summary>KAS: units of 100 ms; a timeout is rounded up to them.</summary>
    public const int Granularity = 1;

    private const uint GranularityMs = Granularity * 100;
    private const uint MaxMs = int.MaxValue;

    private readonly ITimer _timer;
    private long _timeoutMs;

    public NvmeKeepAlive(TimeProvider time, Action onExpired) =>
        _timer = time.CreateTimer(_ => Expire(onExpired), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>KATO, rounded up; 0 = there is no timer. Setting it starts it anew.</summary>
    public uint TimeoutMs
    {
        get => (uint)Interlocked.Read(ref _timeoutMs);
        set
        {
            Interlocked.Exchange(ref _timeoutMs, value > MaxMs ? MaxMs : ((long)value + GranularityMs - 1) / GranularityMs * GranularityMs);
            Restart();
        }
    }

    /// <summary>How long a host that is there can be quiet.</summary>
    public TimeSpan Patience
    {
        get
        {
            TimeSpan timeout = TimeSpan.FromMilliseconds(TimeoutMs);
            return timeout < NvmeLimits.LeastIoPatience ? NvmeLimits.LeastIoPatience
                : timeout > NvmeLimits.MostIoPatience ? NvmeLimits.MostIoPatience
                : timeout;
        }
    }

    /// <summary>A Keep Alive has come.</summary>
    public void Restart()
    {
        uint timeout = TimeoutMs;
        _timer.Change(timeout == 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(timeout), Timeout.InfiniteTimeSpan);
    }

    private void Expire(Action onExpired)
    {
        // One that was set to nothing while it ran out has not.
        if (TimeoutMs != 0)
        {
            onExpired();
        }
    }

    public void Dispose() => _timer.Dispose();
}
