using System.Diagnostics.CodeAnalysis;
using BlockEmu.Device.Media;

namespace BlockEmu.Device.Cache;

/// <summary>Which ranges of the platter are being read outside the disk's lock. Used under that lock, but for
/// <see cref="WaitForAwaited"/>.</summary>
[SuppressMessage("Design", "CA1001", Justification = "No wait handle is ever asked of it, and a late command may still wait on it")]
internal sealed class ReadsInFlight
{
    private const int FirstCapacity = 16;

    private readonly ManualResetEventSlim _noneAwaited = new(initialState: true);
    private Entry[] _reads = new Entry[FirstCapacity]; // never more than there are threads
    private int _end; // no entry in use from here on
    private int _awaited;

    /// <summary>A read begins; the answer names it until its <see cref="End"/>, and is never 0.</summary>
    public int Begin(ByteRange range)
    {
        int index = 0;
        while (index < _end && _reads[index].IsInUse)
        {
            index++;
        }

        if (index == _reads.Length)
        {
            Array.Resize(ref _reads, index * 2);
        }

        _end = Math.Max(_end, index + 1);
        _reads[index] = new Entry { Range = range, IsInUse = true };
        return index + 1;
    }

    public void End(int read)
    {
        ref Entry entry = ref _reads[read - 1];
        entry.IsInUse = false;
        if (read == _end)
        {
            _end--;
        }

        if (entry.IsAwaited && --_awaited == 0)
        {
            _noneAwaited.Set();
        }
    }

    /// <summary>Marks every read of now that touches what a delta will change. One writer at a time.</summary>
    public void Await(PlatterDelta delta)
    {
        for (int i = 0; i < _end; i++)
        {
            ref Entry entry = ref _reads[i];
            if (entry.IsInUse && Touches(entry.Range, delta))
            {
                entry.IsAwaited = true;
                _awaited++;
            }
        }

        if (_awaited != 0)
        {
            _noneAwaited.Reset();
        }
    }

    /// <summary>Waits, without the disk's lock, until the reads that were marked have ended.</summary>
    public void WaitForAwaited() => _noneAwaited.Wait();

    private static bool Touches(ByteRange range, PlatterDelta delta)
    {
        long firstPage = range.OffsetBytes / PageArena.PageBytes;
        long endPage = ((range.EndBytes - 1) / PageArena.PageBytes) + 1;
        int index = delta.ZeroRanges.FirstEndingAfter(firstPage);
        return (index < delta.ZeroRanges.Count && delta.ZeroRanges.AsSpan()[index].Start < endPage)
            || TouchesPages(firstPage, endPage, delta);
    }

    private static bool TouchesPages(long firstPage, long endPage, PlatterDelta delta)
    {
        if (endPage - firstPage <= delta.Pages.Count)
        {
            while (firstPage < endPage && !delta.Pages.ContainsKey(firstPage))
            {
                firstPage++;
            }

            return firstPage < endPage;
        }

        foreach (long page in delta.Pages.Keys)
        {
            if (page >= firstPage && page < endPage)
            {
                return true;
            }
        }

        return false;
    }

    private struct Entry
    {
        public ByteRange Range;
        public bool IsInUse;
        public bool IsAwaited;
    }
}
