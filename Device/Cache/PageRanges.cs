using System.Runtime.InteropServices;

namespace BlockEmu.Device.Cache;

/// <summary>A set of pages as sorted, disjoint, non-adjacent ranges.</summary>
internal sealed class PageRanges
{
    private readonly List<PageRange> _ranges = [];

    public int Count => _ranges.Count;

    public ReadOnlySpan<PageRange> AsSpan() => CollectionsMarshal.AsSpan(_ranges);

    public void Clear() => _ranges.Clear();

    /// <summary>The index of the first range that ends after a page (<see cref="Count"/> when none does).</summary>
    public int FirstEndingAfter(long page)
    {
        int low = 0;
        int high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_ranges[middle].End > page)
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

    public bool Contains(long page)
    {
        int index = FirstEndingAfter(page);
        return index < _ranges.Count && _ranges[index].Start <= page;
    }

    /// <summary>Adds [start, end).</summary>
    public void Add(long start, long end)
    {
        if (start >= end)
        {
            return;
        }

        int first = FirstEndingAfter(start - 1); // a range that ends exactly at start merges
        int after = first;
        while (after < _ranges.Count && _ranges[after].Start <= end)
        {
            start = Math.Min(start, _ranges[after].Start);
            end = Math.Max(end, _ranges[after].End);
            after++;
        }

        if (after == first)
        {
            _ranges.Insert(first, new PageRange(start, end));
            return;
        }

        _ranges[first] = new PageRange(start, end);
        _ranges.RemoveRange(first + 1, after - first - 1);
    }

    /// <summary>Removes [start, end).</summary>
    public void Subtract(long start, long end)
    {
        int index = FirstEndingAfter(start);
        while (index < _ranges.Count && _ranges[index].Start < end)
        {
            PageRange range = _ranges[index];
            _ranges.RemoveAt(index);
            if (range.Start < start)
            {
                _ranges.Insert(index++, new PageRange(range.Start, start));
            }

            if (range.End > end)
            {
                _ranges.Insert(index++, new PageRange(end, range.End));
            }
        }
    }
}
