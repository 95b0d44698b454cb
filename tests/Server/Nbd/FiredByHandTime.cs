using System.Collections.Concurrent;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>A clock whose timers fire when the test says so.</summary>
/// <param name="isStopped">Whether timestamps move by <see cref="Advance"/> alone.</param>
internal sealed class FiredByHandTime(bool isStopped = false) : TimeProvider
{
    private long _timestamp;

    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];

    public TimeSpan LastDueTime { get; private set; }

    /// <summary>What timers were set to since.</summary>
    public ConcurrentQueue<TimeSpan> Changes { get; } = new();

    public override long GetTimestamp() => isStopped ? Interlocked.Read(ref _timestamp) : base.GetTimestamp();

    public void Advance(TimeSpan by) =>
        Interlocked.Add(ref _timestamp, by.Ticks * (TimestampFrequency / TimeSpan.TicksPerSecond));

    public int TimerCount
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count;
            }
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        lock (_gate)
        {
            LastDueTime = dueTime;
            _timers.Add(timer);
        }

        return timer;
    }

    public void FireAll()
    {
        Timer[] due;
        lock (_gate)
        {
            due = [.. _timers];
        }

        Array.ForEach(due, t => t.Fire());
    }

    private sealed class Timer(FiredByHandTime owner, Action fire) : ITimer
    {
        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            owner.Changes.Enqueue(dueTime);
            return true;
        }

        public void Dispose()
        {
            lock (owner._gate)
            {
                owner._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
