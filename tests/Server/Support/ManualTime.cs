namespace BlockEmu.Server.Tests.Support;

/// <summary>Time in which one kind of timer fires when the test says so; other timers run by the system's clock.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly TaskCompletionSource<(TimeSpan Due, Action Fire)> _timer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeSpan _held;

    public ManualTime(TimeSpan? held = null) => _held = held ?? TimeSpan.FromSeconds(5);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime != _held)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        _timer.TrySetResult((dueTime, () => callback(state)));
        return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public async Task WaitForTimerAsync(TimeSpan due) => Assert.Equal(due, (await _timer.Task).Due);

    public void Fire() => _timer.Task.Result.Fire();
}
