namespace BlockEmu.Device.Cache;

/// <summary>Which pending zero range (a big trim or write of zeroes) is the newest over each page: the visible side of
/// <see cref="ZeroRange"/>.</summary>
internal sealed class ZeroMap
{
    private readonly List<(long Start, long End, PendingCommand Owner)> _entries = []; // sorted, disjoint

    public bool IsEmpty => _entries.Count == 0;

    /// <summary>The command whose zero range is the newest over a page, or null.</summary>
    public PendingCommand? OwnerAt(long page)
    {
        int index = FirstEndingAfter(page);
        return index < _entries.Count && _entries[index].Start <= page ? _entries[index].Owner : null;
    }

    /// <summary>The first range that ends after a page, with its newest command; null when none does.</summary>
    public (long Start, long End, PendingCommand Owner)? NextEndingAfter(long page)
    {
        int index = FirstEndingAfter(page);
        return index < _entries.Count ? _entries[index] : null;
    }

    /// <summary>Lays a range over what is there; it is newer than all of it.</summary>
    public void Cover(long start, long end, PendingCommand owner)
    {
        int index = FirstEndingAfter(start);
        while (index < _entries.Count && _entries[index].Start < end)
        {
            (long oldStart, long oldEnd, PendingCommand oldOwner) = _entries[index];
            _entries.RemoveAt(index);
            if (oldStart < start)
            {
                _entries.Insert(index++, (oldStart, start, oldOwner));
            }

            if (oldEnd > end)
            {
                _entries.Insert(index, (end, oldEnd, oldOwner));
            }
        }

        _entries.Insert(index, (start, end, owner));
    }

    /// <summary>Forgets what one command laid over [start, end), newer layers excepted.</summary>
    public void Uncover(long start, long end, PendingCommand owner)
    {
        int kept = FirstEndingAfter(start);
        int scan = kept;
        for (; scan < _entries.Count && _entries[scan].Start < end; scan++)
        {
            if (_entries[scan].Owner != owner)
            {
                _entries[kept++] = _entries[scan];
            }
        }

        _entries.RemoveRange(kept, scan - kept);
    }

    public void Clear() => _entries.Clear();

    private int FirstEndingAfter(long page)
    {
        int low = 0;
        int high = _entries.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_entries[middle].End > page)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
