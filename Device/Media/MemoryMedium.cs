using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Media;

/// <summary>A platter in memory: pages that exist once something was made persistent in them.</summary>
internal sealed unsafe class MemoryMedium(DiskGeometry geometry, PageArena arena, PageTable pages) : IMedium
{
    public bool IsImmediate => true;

    public long PersistentBytes => pages.PlatterPages * PageArena.PageBytes;

    public void Read(long offsetBytes, Span<byte> destination)
    {
        int done = 0;
        while (done < destination.Length)
        {
            long at = offsetBytes + done;
            int inPage = (int)(at % PageArena.PageBytes);
            int bytes = Math.Min(PageArena.PageBytes - inPage, destination.Length - done);
            nint page = Find(at / PageArena.PageBytes);
            Span<byte> target = destination.Slice(done, bytes);
            if (page == 0)
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

        if (isZero && Find(node.Page) == 0)
        {
            return;
        }

        nint source = isZero ? 0 : node.Data - (node.FirstBlock * geometry.BlockSizeBytes);
        CopyBlocks(Writable(node.Page), source, node.Live);
    }

    /// <summary>Makes a zero range persistent, but for the blocks that are superseded.</summary>
    public void ZeroPages(PageRange range, ZeroRange zeroes)
    {
        for (long page = pages.NextPlatter(range.Start, range.End); page >= 0; page = pages.NextPlatter(page + 1, range.End))
        {
            if (zeroes.Clips.Count != 0 && zeroes.Clips.TryGetValue(page, out byte clip))
            {
                CopyBlocks(Writable(page), 0, (byte)(geometry.FullMask & ~clip));
            }
            else
            {
                Replace(page, 0);
            }
        }
    }

    public PlatterStamp Stamp() => default;

    public RedoFinding? Refresh() => null; // nobody else can reach it

    public IPlatterUndo? Apply(PlatterDelta delta, bool keepUndo)
    {
        MemoryUndo? undo = keepUndo ? new MemoryUndo(this, arena, geometry.SizeBytes) : null;
        foreach (PageRange range in delta.ZeroRanges.AsSpan())
        {
            for (long page = pages.NextPlatter(range.Start, range.End); page >= 0; page = pages.NextPlatter(page + 1, range.End))
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
            nint old = Find(page);
            ReadOnlySpan<byte> oldBytes = PageAt(old == 0 ? (nint)zeroes : old);
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
        long page = pages.NextPlatter(offsetBytes / PageArena.PageBytes, endPage);
        if (page < 0)
        {
            return null;
        }

        long start = Math.Max(page * PageArena.PageBytes, offsetBytes);
        return new ByteRange(start, Math.Min(pages.NextWithoutPlatter(page + 1, endPage) * PageArena.PageBytes, endBytes) - start);
    }

    public void Dispose()
    {
        // The pages are the arena's.
    }

    private nint Find(long page)
    {
        PageEntry* entry = pages.Find(page);
        return entry is null ? 0 : entry->Platter;
    }

    /// <summary>The page, made of zeroes if there was none; or a copy in its place while somebody may be looking at it.</summary>
    private nint Writable(long page)
    {
        nint old = Find(page);
        if (old != 0 && !arena.Pins.IsAny)
        {
            return old;
        }

        nint made = arena.Rent(PageArena.PageBytes);
        if (old == 0)
        {
            PageAt(made).Clear();
        }
        else
        {
            PageAt(old).CopyTo(PageAt(made));
        }

        Replace(page, made);
        return made;
    }

    private static Span<byte> PageAt(nint page) => new((void*)page, PageArena.PageBytes);

    private void WritePage(long page, int inPage, ReadOnlySpan<byte> bytes)
    {
        bool isZero = !bytes.ContainsAnyExcept((byte)0);
        if (isZero && (bytes.Length == PageArena.PageBytes || Find(page) == 0))
        {
            Replace(page, 0);
            return;
        }

        bytes.CopyTo(PageAt(Writable(page))[inPage..]);
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
        nint old = pages.SwapPlatter(page, by);
        if (old != 0)
        {
            arena.Return(old, PageArena.PageBytes);
        }
    }

    private void Exchange(long page, nint by, MemoryUndo? undo)
    {
        nint old = pages.SwapPlatter(page, by);
        if (undo is not null && undo.Old.TryAdd(page, old))
        {
            return;
        }

        if (old != 0)
        {
            arena.Return(old, PageArena.PageBytes);
        }
    }
}
