namespace BlockEmu.Device.Isolation;

/// <summary>Locks on runs of pages, taken in ascending order by each holder, and therefore without deadlock.</summary>
internal sealed class PageLocks
{
    private readonly object _sync = new();
    private readonly List<PageRun> _held = [];

    public void Take(PageRun run)
    {
        lock (_sync)
        {
            while (_held.Exists(other => other.Start < run.End && run.Start < other.End))
            {
                Monitor.Wait(_sync);
            }

            _held.Add(run);
        }
    }

    public void Release(PageRun run)
    {
        lock (_sync)
        {
            _held.Remove(run);
            Monitor.PulseAll(_sync);
        }
    }
}
