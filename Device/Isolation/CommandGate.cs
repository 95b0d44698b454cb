namespace BlockEmu.Device.Isolation;

/// <summary>Lets whole commands in: some together, others alone.</summary>
internal sealed class CommandGate
{
    private readonly object _sync = new();
    private int _together;
    private bool _isAlone;

    /// <summary>Waits until it may run as the mode says.</summary>
    public void Enter(IsolationMode mode, bool isWrite)
    {
        if (!IsGated(mode))
        {
            return;
        }

        lock (_sync)
        {
            bool alone = IsAlone(mode, isWrite);
            while (_isAlone || (alone && _together > 0))
            {
                Monitor.Wait(_sync);
            }

            _isAlone = alone;
            _together += alone ? 0 : 1;
        }
    }

    /// <summary>With what <see cref="Enter"/> was given.</summary>
    public void Exit(IsolationMode mode, bool isWrite)
    {
        if (!IsGated(mode))
        {
            return;
        }

        lock (_sync)
        {
            if (IsAlone(mode, isWrite))
            {
                _isAlone = false;
            }
            else
            {
                _together--;
            }

            Monitor.PulseAll(_sync);
        }
    }

    private static bool IsGated(IsolationMode mode) => mode is IsolationMode.Exclusive or IsolationMode.Shared;

    private static bool IsAlone(IsolationMode mode, bool isWrite) => isWrite || mode == IsolationMode.Exclusive;
}
