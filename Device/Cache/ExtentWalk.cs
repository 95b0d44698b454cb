using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Cache;

/// <summary>Splits a range by what is pending there. What the platter has to say is left as <c>Persistent</c>.</summary>
/// <remarks>Under the disk's lock. Costs what is pending in the range, whatever its length, and at most
/// <see cref="MaxPages"/> pages of it: then it stops early.</remarks>
internal sealed class ExtentWalk(DiskGeometry geometry, WriteCache cache, VisibleReader reader)
{
    /// <summary>Pages with pending versions looked at in one call at most.</summary>
    public const int MaxPages = 65_536;

    private readonly List<long> _clipped = [];

    /// <summary>Fills <paramref name="extents"/> from the range's start on.</summary>
    public void Run(ByteRange range, int maxExtents, List<DiskExtent> extents)
    {
        long at = range.OffsetBytes;
        long endPage = (range.EndBytes + PageArena.PageBytes - 1) / PageArena.PageBytes;
        FindClippedPages(at / PageArena.PageBytes, endPage);
        int pages = 0;
        while (at < range.EndBytes && pages < MaxPages)
        {
            long page = at / PageArena.PageBytes;
            long detailed = NextDetailedPage(page, endPage);
            if (detailed == page)
            {
                pages++;
                if (!TryAddPage(page, ref at, range.EndBytes, maxExtents, extents))
                {
                    return;
                }

                continue;
            }

            // Up to the next page with versions of its own there is the platter, or one zero range.
            long end = Math.Min(detailed, endPage);
            PendingCommand? zeroes = null;
            if (cache.Zeroes.Visible.NextEndingAfter(page) is { } next)
            {
                zeroes = next.Start <= page ? next.Owner : null;
                end = Math.Min(end, zeroes is null ? next.Start : next.End);
            }

            long length = Math.Min(end * PageArena.PageBytes, range.EndBytes) - at;
            if (!ExtentList.TryAdd(extents, maxExtents, new DiskExtent(at, length, StateOf(zeroes), zeroes is not null)))
            {
                return;
            }

            at += length;
        }
    }

    private unsafe bool TryAddPage(long page, ref long at, long rangeEnd, int maxExtents, List<DiskExtent> extents)
    {
        PageEntry* entry = cache.Versions.Find(page);
        PendingCommand? zeroes = cache.Zeroes.Visible.OwnerAt(page);
        long pageStart = page * PageArena.PageBytes;
        long end = Math.Min(pageStart + PageArena.PageBytes, rangeEnd);
        while (at < end)
        {
            int block = (int)((at - pageStart) / geometry.BlockSizeBytes);
            long length = Math.Min(pageStart + ((block + 1L) * geometry.BlockSizeBytes), end) - at;
            int source = reader.Resolve(page, entry, block, zeroes);
            DiskExtent extent = source switch
            {
                VisibleReader.FromPlatter => new DiskExtent(at, length, DiskExtentState.Persistent, false),
                VisibleReader.FromZeroes => new DiskExtent(at, length, StateOf(zeroes), true),
                _ => new DiskExtent(at, length, StateOf(cache.Nodes[source].Owner), cache.Nodes[source].Data == 0),
            };
            if (!ExtentList.TryAdd(extents, maxExtents, extent))
            {
                return false;
            }

            at += length;
        }

        return true;
    }

    private static DiskExtentState StateOf(PendingCommand? owner) =>
        owner is null ? DiskExtentState.Persistent
        : owner.IsAcknowledged ? DiskExtentState.Cached
        : DiskExtentState.InFlight;

    /// <summary>The first page from here on whose blocks may differ; <see cref="long.MaxValue"/> when there is none.</summary>
    private long NextDetailedPage(long page, long endPage)
    {
        long next = cache.Versions.NextPage(page, endPage);
        next = next < 0 ? long.MaxValue : next;
        if (_clipped.Count == 0)
        {
            return next;
        }

        int index = _clipped.BinarySearch(page);
        index = index < 0 ? ~index : index;
        return index < _clipped.Count ? Math.Min(next, _clipped[index]) : next;
    }

    /// <summary>The pages where newer persistent blocks shine through the zero range on top: once for a call, since they have
    /// no order of their own.</summary>
    private void FindClippedPages(long page, long endPage)
    {
        _clipped.Clear();
        while (cache.Zeroes.Visible.NextEndingAfter(page) is { } entry && entry.Start < endPage)
        {
            long start = Math.Max(entry.Start, page);
            long end = Math.Min(entry.End, endPage);
            AddClips(entry.Owner.Zeroes!.Clips, start, end);
            page = entry.End;
        }

        _clipped.Sort();
    }

    private void AddClips(Dictionary<long, byte> clips, long start, long end)
    {
        if (end - start <= clips.Count)
        {
            for (long page = start; page < end; page++)
            {
                if (clips.ContainsKey(page))
                {
                    _clipped.Add(page);
                }
            }

            return;
        }

        foreach (long page in clips.Keys)
        {
            if (page >= start && page < end)
            {
                _clipped.Add(page);
            }
        }
    }
}
