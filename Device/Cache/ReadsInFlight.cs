using BlockEmu.Device.Media;

namespace BlockEmu.Device.Cache;

/// <summary>Which ranges of the platter are being read outside the disk's lock. Used under that lock.</summary>
internal sealed class ReadsInFlight
{
    private readonly List<(long Id, ByteRange Range)> _reads = [];
    private readonly List<(HashSet<long> Ids, TaskCompletionSource Done)> _waiters = [];
    private long _lastId;

    public long Begin(ByteRange range)
    {
        _reads.Add((++_lastId, range));
        return _lastId;
    }

    public void End(long id)
    {
        _reads.RemoveAll(r => r.Id == id);
        for (int i = _waiters.Count - 1; i >= 0; i--)
        {
            if (_waiters[i].Ids.Remove(id) && _waiters[i].Ids.Count == 0)
            {
                _waiters[i].Done.SetResult();
                _waiters.RemoveAt(i);
            }
        }
    }

    /// <summary>Completes when every read of now that touches what a delta will change has ended.</summary>
    public Task WaitFor(PlatterDelta delta)
    {
        HashSet<long> ids = [.. _reads.Where(r => Touches(r.Range, delta)).Select(r => r.Id)];
        if (ids.Count == 0)
        {
            return Task.CompletedTask;
        }

        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiters.Add((ids, done));
        return done.Task;
    }

    private static bool Touches(ByteRange range, PlatterDelta delta)
    {
        long firstPage = range.OffsetBytes / PageArena.PageBytes;
        long endPage = (range.EndBytes - 1) / PageArena.PageBytes + 1;
        int index = delta.ZeroRanges.FirstEndingAfter(firstPage);
        return (index < delta.ZeroRanges.Count && delta.ZeroRanges.AsSpan()[index].Start < endPage)
            || delta.Pages.Keys.Any(p => p >= firstPage && p < endPage);
    }
}
