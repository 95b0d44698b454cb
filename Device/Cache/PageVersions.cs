using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Cache;

/// <summary>The versions of each page: chains of nodes, newest first, and the newest node of each block.</summary>
internal sealed unsafe class PageVersions(DiskGeometry geometry, PageTable pages)
{
    private readonly MixedPages _mixed = new();

    public NodePool Nodes { get; } = new();

    /// <summary>The entry of a page, or null when nothing is pending or persistent there.</summary>
    public PageEntry* Find(long page) => pages.Find(page);

    /// <summary>The newest node of a page; 0 = none.</summary>
    public int HeadOf(long page)
    {
        PageEntry* entry = pages.Find(page);
        return entry is null ? 0 : entry->Head;
    }

    /// <summary>The first page with versions in a range, or -1.</summary>
    public long NextPage(long page, long endPage) => pages.NextPending(page, endPage);

    /// <summary>The newest node of a block; 0 = none is pending.</summary>
    public int NewestOf(PageEntry* entry, int block) =>
        entry is null ? 0 : entry->Mixed == 0 ? entry->Head : _mixed[entry->Mixed][block];

    /// <summary>Asks the processor for what making a command persistent will look at first.</summary>
    public void Prefetch(PendingCommand command)
    {
        if (command.FirstNode != 0)
        {
            Nodes.Prefetch(command.FirstNode);
        }

        pages.Prefetch(command.OffsetBytes / PageArena.PageBytes);
    }

    /// <summary>Asks the processor for a page's entry, which is looked at soon.</summary>
    public void Prefetch(long page) => pages.Prefetch(page);

    /// <summary>Puts a node on top of its page, and at the end of its command.</summary>
    public void Link(int node)
    {
        ref PendingNode entry = ref Nodes[node];
        PageEntry* page = pages.AddPending(entry.Page);
        entry.Older = page->Head;
        if (page->Head != 0)
        {
            Nodes[page->Head].Newer = node;
        }

        if (entry.Live == geometry.FullMask)
        {
            Unmix(page);
        }
        else
        {
            Show(page, ref entry, node);
        }

        page->Head = node;
        PendingCommand command = entry.Owner;
        if (command.LastNode == 0)
        {
            command.FirstNode = node;
        }
        else
        {
            Nodes[command.LastNode].NextInCommand = node;
        }

        command.LastNode = node;
        command.LiveNodes++;
    }

    /// <summary>Takes a node out of its page. Where it was the newest, the platter is next: all older versions are dead.</summary>
    public void Unlink(int node)
    {
        ref PendingNode entry = ref Nodes[node];
        entry.Owner.LiveNodes--;
        PageEntry* page = pages.Find(entry.Page);
        if (page->Mixed == 0 && page->Head == node)
        {
            page->Mixed = entry.Older == 0 ? 0 : _mixed.Rent(0);
        }
        else if (page->Mixed != 0)
        {
            Hide(page, node, DiskGeometry.Mask(entry.FirstBlock, entry.BlockCount));
        }

        if (entry.Newer == 0)
        {
            page->Head = entry.Older;
        }
        else
        {
            Nodes[entry.Newer].Older = entry.Older;
        }

        if (entry.Older != 0)
        {
            Nodes[entry.Older].Newer = entry.Newer;
        }

        if (page->Head == 0)
        {
            Unmix(page);
            pages.RemovePending(entry.Page);
        }
    }

    /// <summary>Some blocks of a node are dead: it no longer shows there.</summary>
    public void Hide(int node, byte mask)
    {
        PageEntry* page = pages.Find(Nodes[node].Page);
        if (page->Mixed == 0 && page->Head != node)
        {
            return; // the head covers all of it
        }

        Mix(page);
        Hide(page, node, mask);
    }

    /// <summary>Before a node is taken back: where it is the newest, the live version below it shows again.</summary>
    public void Uncover(int node)
    {
        ref PendingNode entry = ref Nodes[node];
        PageEntry* page = pages.Find(entry.Page);
        if (page->Mixed == 0 && page->Head != node)
        {
            return;
        }

        Mix(page);
        ref MixedPages.NewestNodes newest = ref _mixed[page->Mixed];
        for (int block = entry.FirstBlock; block < entry.FirstBlock + entry.BlockCount; block++)
        {
            if (newest[block] == node)
            {
                newest[block] = NextLive(entry.Older, block);
            }
        }
    }

    private int NextLive(int node, int block)
    {
        while (node != 0 && (Nodes[node].Live & (1 << block)) == 0)
        {
            node = Nodes[node].Older;
        }

        return node;
    }

    /// <summary>The node is the newest of its blocks, and not of all.</summary>
    private void Show(PageEntry* page, ref PendingNode entry, int node)
    {
        Mix(page);
        ref MixedPages.NewestNodes newest = ref _mixed[page->Mixed];
        for (int block = entry.FirstBlock; block < entry.FirstBlock + entry.BlockCount; block++)
        {
            newest[block] = node;
        }
    }

    private void Hide(PageEntry* page, int node, byte mask)
    {
        ref MixedPages.NewestNodes newest = ref _mixed[page->Mixed];
        for (int block = 0; block < geometry.BlocksPerPage; block++)
        {
            if ((mask & (1 << block)) != 0 && newest[block] == node)
            {
                newest[block] = 0;
            }
        }
    }

    /// <summary>From here on the newest node is told of each block.</summary>
    private void Mix(PageEntry* page)
    {
        if (page->Mixed == 0)
        {
            page->Mixed = _mixed.Rent(page->Head);
        }
    }

    private void Unmix(PageEntry* page)
    {
        if (page->Mixed != 0)
        {
            _mixed.Return(page->Mixed);
            page->Mixed = 0;
        }
    }
}
