using System.Runtime.CompilerServices;
using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Media;

/// <summary>A platter in memory: pages that exist once something was made persistent in them.</summary>
internal sealed unsafe class MemoryMedium(DiskGeometry geometry, PageArena arena) : IMedium
{
    private readonly PageDirectory<nint> _pages = new(geometry.PageCount);

    public bool IsImmediate => true;

    public long PersistentBytes => _pages.Count * PageArena.PageBytes;

    public void Read(long offsetBytes, Span<byte> destination)
    {
        int done = 0;
        while (done < destination.Length)
        {
            long at = offsetBytes + done;
            int inPage = (int)(at % PageArena.PageBytes);
            int bytes = Math.Min(PageArena.PageBytes - inPage, destination.Length - done);
            ref nint page = ref _pages.Find(at / PageArena.PageBytes);
            Span<byte> target = destination.Slice(done, bytes);
            if (Unsafe.IsNullRef(ref page))
            {
                target.Clear();
            }
            else
            {
                new ReadOnlySpan<byte>((byte*)page + inPage, bytes).CopyTo(target);
            }

            done += bytes;
        }
    }

    /// <summary>Makes a node's live blocks persistent; a whole page moves by pointer (then the node's data is 0).</summary>
    public void Take(ref PendingNode node)
    {
        bool isZero = node.Data == 0;
        if (node.Live == geometry.FullMask)
        {
            if (isZero)
            {
                Replace(node.Page, 0);
                return;
            }

            Replace(node.Page, node.Data);
            node.Data = 0;
            return;
        }

        ref nint page = ref _pages.Find(node.Page);
        if (Unsafe.IsNullRef(ref page))
        {
            if (isZero)
            {
                return;
            }

            page = ref _pages.FindOrAdd(node.Page, out _);
            page = arena.Rent(PageArena.PageBytes);
            PageAt(page).Clear();
        }

        nint source = isZero ? 0 : node.Data - (node.FirstBlock * geometry.BlockSizeBytes);
        CopyBlocks(Writable(ref page), source, node.Live);
    }

    /// <summary>Where a page's bytes are; 0 = it is all zero. Good as long as the disk's lock is held, or pinned.</summary>
    public nint Find(long page)
    {
        ref nint entry = ref _pages.Find(page);
        return Unsafe.IsNullRef(ref entry) ? 0 : entry;
    }

    /// <summary>Makes a zero range persistent, but for the blocks that are superseded.</summary>
    public void ZeroPages(PageRange range, ZeroRange zeroes)
    {
        for (long page = _pages.NextInUse(range.Start, range.End); page >= 0; page = _pages.NextInUse(page + 1, range.End))
        {
            if (zeroes.Clips.Count != 0 && zeroes.Clips.TryGetValue(page, out byte clip))
            {
                CopyBlocks(Writable(ref _pages.Find(page)), 0, (byte)(geometry.FullMask & ~clip));
            }
            else
            {
                Replace(page, 0);
            }
        }
    }

    public IPlatterUndo? Apply(PlatterDelta delta, bool keepUndo)
    {
        MemoryUndo? undo = keepUndo ? new MemoryUndo(this, arena, geometry.SizeBytes) : null;
        foreach (PageRange range in delta.ZeroRanges.AsSpan())
        {
            for (long page = _pages.NextInUse(range.Start, range.End); page >= 0; page = _pages.NextInUse(page + 1, range.End))
            {
                Exchange(page, 0, undo);
            }
        }

        byte* zeroes = stackalloc byte[PageArena.PageBytes];
        foreach ((long page, DeltaPage entry) in delta.Pages)
        {
            if ((entry.DataMask | entry.ZeroMask) == 0)
            {
                continue;
            }

            nint composed = arena.Rent(PageArena.PageBytes);
            ref nint old = ref _pages.Find(page);
            ReadOnlySpan<byte> oldBytes = PageAt(Unsafe.IsNullRef(ref old) ? (nint)zeroes : old);
            delta.Compose(page, in entry, oldBytes, PageAt(composed));
            Exchange(page, composed, undo);
        }

        return undo;
    }

    public void Write(long offsetBytes, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            long page = offsetBytes / PageArena.PageBytes;
            int inPage = (int)(offsetBytes % PageArena.PageBytes);
            int length = Math.Min(PageArena.PageBytes - inPage, bytes.Length);
            WritePage(page, inPage, bytes[..length]);
            bytes = bytes[length..];
            offsetBytes += length;
        }
    }

    public void Sync()
    {
        // Memory has nothing further down that a crash of the host would spare.
    }

    public ByteRange? NextPopulated(long offsetBytes) => NextPopulated(offsetBytes, geometry.SizeBytes);

    public ByteRange? NextPopulated(long offsetBytes, long endBytes)
    {
        long endPage = (endBytes + PageArena.PageBytes - 1) / PageArena.PageBytes;
        long page = _pages.NextInUse(offsetBytes / PageArena.PageBytes, endPage);
        if (page < 0)
        {
            return null;
        }

        long start = Math.Max(page * PageArena.PageBytes, offsetBytes);
        return new ByteRange(start, Math.Min(_pages.NextFree(page + 1, endPage) * PageArena.PageBytes, endBytes) - start);
    }

    public void Dispose()
    {
        // The pages are the arena's.
    }

    /// <summary>The page, or a copy in its place while somebody may be looking at it.</summary>
    private nint Writable(ref nint page)
    {
        if (arena.Pins.IsAny)
        {
            nint old = page;
            page = arena.Rent(PageArena.PageBytes);
            PageAt(old).CopyTo(PageAt(page));
            arena.Return(old, PageArena.PageBytes);
        }

        return page;
    }

    private static Span<byte> PageAt(nint page) => new((void*)page, PageArena.PageBytes);

    private void WritePage(long page, int inPage, ReadOnlySpan<byte> bytes)
    {
        bool isZero = !bytes.ContainsAnyExcept((byte)0);
        ref nint entry = ref _pages.Find(page);
        if (Unsafe.IsNullRef(ref entry))
        {
            if (isZero)
            {
                return;
            }

            entry = ref _pages.FindOrAdd(page, out _);
            entry = arena.Rent(PageArena.PageBytes);
            PageAt(entry).Clear();
        }
        else if (isZero && bytes.Length == PageArena.PageBytes)
        {
            Replace(page, 0);
            return;
        }

        bytes.CopyTo(PageAt(Writable(ref entry))[inPage..]);
    }

    private void CopyBlocks(nint page, nint source, byte mask)
    {
        int blockBytes = geometry.BlockSizeBytes;
        for (int block = 0; block < geometry.BlocksPerPage; block++)
        {
            if ((mask & (1 << block)) == 0)
            {
                continue;
            }

            Span<byte> target = PageAt(page).Slice(block * blockBytes, blockBytes);
            if (source == 0)
            {
                target.Clear();
            }
            else
            {
                new ReadOnlySpan<byte>((byte*)source + (block * blockBytes), blockBytes).CopyTo(target);
            }
        }
    }

    /// <summary>Puts a page (0 = none) in a page's place and frees what was there.</summary>
    public void Replace(long page, nint by)
    {
        nint old = Swap(page, by);
        if (old != 0)
        {
            arena.Return(old, PageArena.PageBytes);
        }
    }

    private void Exchange(long page, nint by, MemoryUndo? undo)
    {
        nint old = Swap(page, by);
        if (undo is not null && undo.Old.TryAdd(page, old))
        {
            return;
        }

        if (old != 0)
        {
            arena.Return(old, PageArena.PageBytes);
        }
    }

    private nint Swap(long page, nint by)
    {
        nint old;
        if (by == 0)
        {
            ref nint entry = ref _pages.Find(page);
            if (Unsafe.IsNullRef(ref entry))
            {
                return 0;
            }

            old = entry;
            _pages.Remove(page);
            return old;
        }

        ref nint slot = ref _pages.FindOrAdd(page, out bool added);
        old = added ? 0 : slot;
        slot = by;
        return old;
    }
}
