using BlockEmu.Device.Geometry;
using BlockEmu.Device.Transfers;

namespace BlockEmu.Device.Cache;

/// <summary>What a read returns: the newest pending version of each block, and where there is none, the platter.</summary>
internal sealed unsafe class VisibleReader(DiskGeometry geometry, WriteCache cache)
{
    /// <summary><see cref="Resolve"/>: nothing is pending there.</summary>
    public const int FromPlatter = 0;

    /// <summary><see cref="Resolve"/>: the page's zero range.</summary>
    public const int FromZeroes = -1;

    /// <summary>Fills what is pending into <paramref name="destination"/> and lists the ranges the platter has to fill, in
    /// ascending order, neighbours merged. Any alignment.</summary>
    public void Read(long offsetBytes, Span<byte> destination, List<ByteRange> gaps)
    {
        gaps.Clear();
        int done = 0;
        while (done < destination.Length)
        {
            long at = offsetBytes + done;
            long page = at / PageArena.PageBytes;
            int inPage = (int)(at % PageArena.PageBytes);
            int bytes = Math.Min(PageArena.PageBytes - inPage, destination.Length - done);
            PageEntry* entry = cache.Versions.Find(page);
            if ((entry is null || entry->Head == 0) && cache.Zeroes.Visible.IsEmpty)
            {
                AddGap(gaps, at, bytes);
            }
            else
            {
                ReadPage(page, entry, inPage, destination.Slice(done, bytes), gaps);
            }

            done += bytes;
        }
    }

    /// <summary>Adds where the bytes of a range are to a view that is pinned, the platter's of a memory medium too.</summary>
    public void View(long offsetBytes, int lengthBytes, ReadView view)
    {
        int first = view.Segments.Length;
        long end = offsetBytes + lengthBytes;
        for (long at = offsetBytes; at < end;)
        {
            long page = at / PageArena.PageBytes;
            int inPage = (int)(at % PageArena.PageBytes);
            int bytes = (int)Math.Min(PageArena.PageBytes - inPage, end - at);
            PageEntry* entry = cache.Versions.Find(page);
            if ((entry is null || entry->Head == 0) && cache.Zeroes.Visible.IsEmpty)
            {
                AddTo(view, entry is null ? 0 : entry->Platter, inPage, bytes, first);
            }
            else
            {
                ViewPage(page, entry, inPage, bytes, view, first);
            }

            at += bytes;
        }
    }

    private void ViewPage(long page, PageEntry* entry, int inPage, int bytes, ReadView view, int first)
    {
        PendingCommand? zeroes = cache.Zeroes.Visible.OwnerAt(page);
        int blockBytes = geometry.BlockSizeBytes;
        int end = inPage + bytes;
        for (int done = inPage; done < end;)
        {
            int block = done / blockBytes;
            int source = Resolve(page, entry, block, zeroes);
            int runBytes = Math.Min((block + 1) * blockBytes, end) - done;
            nint data = source switch
            {
                FromPlatter => entry is null ? 0 : entry->Platter,
                FromZeroes => 0,
                _ => cache.Nodes[source].Data == 0 ? 0 : cache.Nodes[source].Data - (cache.Nodes[source].FirstBlock * blockBytes),
            };
            AddTo(view, data, done, runBytes, first);
            done += runBytes;
        }
    }

    /// <param name="view">What it is added to.</param>
    /// <param name="page">Where the page's first byte is, or would be; 0 = zeroes.</param>
    /// <param name="inPage">The first byte within it.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="first">The read's first segment.</param>
    private static void AddTo(ReadView view, nint page, int inPage, int bytes, int first)
    {
        if (page == 0)
        {
            view.AddZeroes(bytes);
        }
        else
        {
            view.Add(page + inPage, bytes, first);
        }
    }

    private void ReadPage(long page, PageEntry* entry, int inPage, Span<byte> destination, List<ByteRange> gaps)
    {
        PendingCommand? zeroes = cache.Zeroes.Visible.OwnerAt(page);
        int blockBytes = geometry.BlockSizeBytes;
        int end = inPage + destination.Length;
        int done = inPage;
        while (done < end)
        {
            int block = done / blockBytes;
            int source = Resolve(page, entry, block, zeroes);
            int runEnd = (block + 1) * blockBytes;
            while (runEnd < end && Resolve(page, entry, runEnd / blockBytes, zeroes) == source)
            {
                runEnd += blockBytes;
            }

            int bytes = Math.Min(runEnd, end) - done;
            Span<byte> target = destination.Slice(done - inPage, bytes);
            if (source == FromPlatter)
            {
                AddGap(gaps, (page * PageArena.PageBytes) + done, bytes);
            }
            else if (source == FromZeroes || cache.Nodes[source].Data == 0)
            {
                target.Clear();
            }
            else
            {
                ref PendingNode node = ref cache.Nodes[source];
                new ReadOnlySpan<byte>((byte*)node.Data + done - (node.FirstBlock * blockBytes), bytes).CopyTo(target);
            }

            done += bytes;
        }
    }

    /// <summary>Where a block's visible content is: its newest node, or one of the two above.</summary>
    public int Resolve(long page, PageEntry* entry, int block, PendingCommand? zeroes)
    {
        int node = cache.Versions.NewestOf(entry, block);
        if (zeroes is null || (node != 0 && cache.Nodes[node].Owner.Sequence > zeroes.Sequence))
        {
            return node == 0 ? FromPlatter : node;
        }

        return zeroes.Zeroes!.IsClipped(page, block) ? FromPlatter : FromZeroes;
    }

    private static void AddGap(List<ByteRange> gaps, long offsetBytes, int bytes)
    {
        if (gaps.Count > 0 && gaps[^1].EndBytes == offsetBytes)
        {
            gaps[^1] = new ByteRange(gaps[^1].OffsetBytes, gaps[^1].LengthBytes + bytes);
        }
        else
        {
            gaps.Add(new ByteRange(offsetBytes, bytes));
        }
    }
}
