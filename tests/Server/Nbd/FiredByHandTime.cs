namespace BlockEmu.Server.Tests.Nbd;

/// <summary>A clock whose timers fire when the test says so.</summary>
internal sealed class FiredByHandTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];

    public TimeSpan LastDueTime { get; private set; }

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

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

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
