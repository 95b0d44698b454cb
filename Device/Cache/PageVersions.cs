using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Cache;

/// <summary>The versions of each page: chains of nodes, newest first, and the newest node of each block.</summary>
internal sealed class PageVersions(DiskGeometry geometry)
{
    private readonly PageDirectory<PageSlot> _slots = new(geometry.PageCount);

    public NodePool Nodes { get; } = new();

    /// <summary>The slot of a page, or a null reference when nothing is pending there.</summary>
    public ref PageSlot Find(long page) => ref _slots.Find(page);

    /// <summary>The first page with versions in a range, or -1.</summary>
    public long NextPage(long page, long endPage) => _slots.NextInUse(page, endPage);

    /// <summary>Puts a node on top of its page, and at the end of its command.</summary>
    public void Link(int node)
    {
        ref PendingNode entry = ref Nodes[node];
        ref PageSlot slot = ref _slots.FindOrAdd(entry.Page, out _);
        entry.Older = slot.Head;
        if (slot.Head != 0)
        {
            Nodes[slot.Head].Newer = node;
        }

        slot.Head = node;
        for (int block = entry.FirstBlock; block < entry.FirstBlock + entry.BlockCount; block++)
        {
            slot.Newest[block] = node;
        }

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
        ref PageSlot slot = ref _slots.Find(entry.Page);
        if (entry.Newer == 0)
        {
            slot.Head = entry.Older;
        }
        else
        {
            Nodes[entry.Newer].Older = entry.Older;
        }

        if (entry.Older != 0)
        {
            Nodes[entry.Older].Newer = entry.Newer;
        }

        if (slot.Head == 0)
        {
            _slots.Remove(entry.Page);
            return;
        }

        Hide(ref slot, node, DiskGeometry.Mask(entry.FirstBlock, entry.BlockCount));
    }

    /// <summary>Some blocks of a node are dead: it no longer shows there.</summary>
    public void Hide(int node, byte mask) => Hide(ref _slots.Find(Nodes[node].Page), node, mask);

    /// <summary>Before a node is taken back: where it is the newest, the live version below it shows again.</summary>
    public void Uncover(int node)
    {
        ref PendingNode entry = ref Nodes[node];
        ref PageSlot slot = ref _slots.Find(entry.Page);
        for (int block = entry.FirstBlock; block < entry.FirstBlock + entry.BlockCount; block++)
        {
            if (slot.Newest[block] == node)
            {
                slot.Newest[block] = NextLive(entry.Older, block);
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

    private void Hide(ref PageSlot slot, int node, byte mask)
    {
        for (int block = 0; block < geometry.BlocksPerPage; block++)
        {
            if ((mask & (1 << block)) != 0 && slot.Newest[block] == node)
            {
                slot.Newest[block] = 0;
            }
        }
    }
}
