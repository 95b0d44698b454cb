namespace BlockEmu.Device.Isolation;

/// <summary>Where a command of several steps stops for a moment, so that others get between them.</summary>
internal sealed class Breather
{
    // Long enough for another thread to be woken and to make its step; nobody waits longer for one that never comes.
    private const int PatienceMs = 1;

    private readonly object _sync = new();

    /// <summary>Says that a step was made; waits for somebody else's where asked to.</summary>
    public void OnStep(bool letOthersIn)
    {
        lock (_sync)
        {
            Monitor.PulseAll(_sync);
            if (letOthersIn)
            {
                Monitor.Wait(_sync, PatienceMs);
            }
        }
    }
}
