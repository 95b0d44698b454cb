using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BlockEmu.Device.Cache;

/// <summary>A sparse map from page number to entry, in native memory: a radix tree whose leaves hold 64 neighbours. Its lowest nodes
/// are small, since writes that are scattered over terabytes need one each.</summary>
/// <remarks>Not safe for threads: used under the disk's lock. Its memory follows the pages in use, not the disk's size: the entries
/// of a leaf go when its last page is out of use, and nodes that have become empty when they may be more than the others.</remarks>
internal sealed unsafe class PageTable : IDisposable
{
    private const int LeafBits = 6;
    private const int LowestBits = 6; // of a node that holds leaves
    private const int NodeBits = 10; // of one that holds nodes
    private const int LeafSize = 1 << LeafBits;
    private const int FewNodes = 4096; // 6 MiB

    private readonly int _height;
    private readonly LeafEntries _entries = new(LeafSize);
    private void* _root;
    private int _mostNodes = FewNodes;

    /// <summary>Creates a table for page numbers below <paramref name="pageCount"/>.</summary>
    public PageTable(long pageCount)
    {
        int bits = 64 - BitOperations.LeadingZeroCount((ulong)Math.Max(pageCount - 1, 1));
        _height = 1 + Math.Max(0, (bits - LeafBits - LowestBits + NodeBits - 1) / NodeBits);
        _root = AllocateNode(_height - 1);
    }

    /// <summary>Nodes below the root, empty ones among them.</summary>
    public int NodeCount { get; private set; }

    /// <summary>Pages with bytes on a platter in memory.</summary>
    public long PlatterPages { get; private set; }

    /// <summary>The entry of a page in use, or null.</summary>
    public PageEntry* Find(long page)
    {
        PageLeaf* leaf = FindLeaf(page);
        int index = (int)(page & (LeafSize - 1));
        return leaf is not null && ((leaf->Pending | leaf->Platter) & (1UL << index)) != 0 ? leaf->Entries + index : null;
    }

    /// <summary>Asks the processor for a page's entry, which is looked at soon.</summary>
    public void Prefetch(long page)
    {
        PageLeaf* leaf = FindLeaf(page);
        if (leaf is not null && leaf->Entries is not null && System.Runtime.Intrinsics.X86.Sse.IsSupported)
        {
            System.Runtime.Intrinsics.X86.Sse.Prefetch0(leaf->Entries + (int)(page & (LeafSize - 1)));
        }
    }

    /// <summary>The entry of a page that has pending versions from here on.</summary>
    public PageEntry* AddPending(long page)
    {
        PageLeaf* leaf = ReachLeaf(page);
        int index = (int)(page & (LeafSize - 1));
        leaf->Pending |= 1UL << index;
        return leaf->Entries + index;
    }

    /// <summary>The page has no pending version any more; its entry says so.</summary>
    public void RemovePending(long page)
    {
        PageLeaf* leaf = FindLeaf(page);
        leaf->Pending &= ~(1UL << (int)(page & (LeafSize - 1)));
        FreeIfEmpty(leaf);
    }

    /// <summary>Puts a page (0 = none) on the platter; returns what was there.</summary>
    public nint SwapPlatter(long page, nint by)
    {
        PageLeaf* leaf = by == 0 ? FindLeaf(page) : ReachLeaf(page);
        ulong bit = 1UL << (int)(page & (LeafSize - 1));
        if (leaf is null || (by == 0 && (leaf->Platter & bit) == 0))
        {
            return 0;
        }

        PageEntry* entry = leaf->Entries + (int)(page & (LeafSize - 1));
        nint old = entry->Platter;
        entry->Platter = by;
        PlatterPages += (by == 0 ? 0 : 1) - (old == 0 ? 0 : 1);
        if (by != 0)
        {
            leaf->Platter |= bit;
            return old;
        }

        leaf->Platter &= ~bit;
        FreeIfEmpty(leaf);
        return old;
    }

    /// <summary>The first page with pending versions in [<paramref name="page"/>, <paramref name="endPage"/>), or -1. Empty regions
    /// are passed over a subtree at a time.</summary>
    public long NextPending(long page, long endPage) => Next(page, endPage, wantsPlatter: false);

    /// <summary>As <see cref="NextPending"/>, of pages with bytes on the platter.</summary>
    public long NextPlatter(long page, long endPage) => Next(page, endPage, wantsPlatter: true);

    /// <summary>The first page without bytes on the platter in a range, or its end: a leaf at a time.</summary>
    public long NextWithoutPlatter(long page, long endPage)
    {
        while (page < endPage)
        {
            PageLeaf* leaf = FindLeaf(page);
            int index = (int)(page & (LeafSize - 1));
            ulong free = leaf is null ? ulong.MaxValue : ~leaf->Platter >> index;
            if (free != 0)
            {
                return Math.Min(endPage, page + BitOperations.TrailingZeroCount(free));
            }

            page += LeafSize - index;
        }

        return endPage;
    }

    public void Dispose()
    {
        if (_root is not null)
        {
            FreeNode(_root, _height - 1);
            _root = null;
        }

        _entries.Dispose();
    }

    private static void* AllocateNode(int level) =>
        NativeMemory.AllocZeroed((nuint)SizeAt(level), level == 0 ? (nuint)sizeof(PageLeaf) : (nuint)sizeof(nint));

    private static void FreeNode(void* node, int level)
    {
        for (int i = 0; i < SizeAt(level); i++)
        {
            if (level == 0)
            {
                NativeMemory.Free(((PageLeaf*)node)[i].Entries);
            }
            else if (((void**)node)[i] is not null)
            {
                FreeNode(((void**)node)[i], level - 1);
            }
        }

        NativeMemory.Free(node);
    }

    private static int SizeAt(int level) => 1 << (level == 0 ? LowestBits : NodeBits);

    private static int ShiftAt(int level) => level == 0 ? LeafBits : LeafBits + LowestBits - NodeBits + (level * NodeBits);

    /// <summary>Of a page below a node that holds nodes.</summary>
    private static int IndexAt(long page, int level) => (int)(page >> ShiftAt(level)) & ((1 << NodeBits) - 1);

    private static PageLeaf* LeafAt(void* lowest, long page) =>
        (PageLeaf*)lowest + ((int)(page >> LeafBits) & ((1 << LowestBits) - 1));

    /// <summary>Null where no page was ever in use; its entries are null while none is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private PageLeaf* FindLeaf(long page)
    {
        void* node = _root;
        for (int level = _height - 1; level > 0; level--)
        {
            node = ((void**)node)[IndexAt(page, level)];
            if (node is null)
            {
                return null;
            }
        }

        return LeafAt(node, page);
    }

    private PageLeaf* ReachLeaf(long page)
    {
        if (NodeCount > _mostNodes)
        {
            NodeCount = CountPruned(_root, _height - 1);
            _mostNodes = Math.Max(FewNodes, NodeCount * 2);
        }

        void* node = _root;
        for (int level = _height - 1; level > 0; level--)
        {
            ref void* next = ref ((void**)node)[IndexAt(page, level)];
            if (next is null)
            {
                next = AllocateNode(level - 1);
                NodeCount++;
            }

            node = next;
        }

        PageLeaf* leaf = LeafAt(node, page);
        if (leaf->Entries is null)
        {
            leaf->Entries = _entries.Rent();
        }

        return leaf;
    }

    /// <summary>Lets empty nodes below a node go; returns how many are left.</summary>
    private static int CountPruned(void* node, int level)
    {
        int left = 0;
        for (int i = 0; level > 0 && i < SizeAt(level); i++)
        {
            ref void* child = ref ((void**)node)[i];
            if (child is null)
            {
                continue;
            }

            left += CountPruned(child, level - 1);
            if (IsEmpty(child, level - 1))
            {
                NativeMemory.Free(child);
                child = null;
            }
            else
            {
                left++;
            }
        }

        return left;
    }

    private static bool IsEmpty(void* node, int level)
    {
        for (int i = 0; i < SizeAt(level); i++)
        {
            if (level == 0 ? ((PageLeaf*)node)[i].Entries is not null : ((void**)node)[i] is not null)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>All entries of such a leaf are zero again.</summary>
    private void FreeIfEmpty(PageLeaf* leaf)
    {
        if ((leaf->Pending | leaf->Platter) != 0)
        {
            return;
        }

        _entries.Return(leaf->Entries);
        leaf->Entries = null;
    }

    private long Next(long page, long endPage, bool wantsPlatter)
    {
        while (page < endPage)
        {
            void* node = _root;
            int level = _height - 1;
            while (level > 0 && ((void**)node)[IndexAt(page, level)] is not null and var next)
            {
                node = next;
                level--;
            }

            if (level == 0)
            {
                PageLeaf* leaf = LeafAt(node, page);
                ulong rest = (wantsPlatter ? leaf->Platter : leaf->Pending) >> (int)(page & (LeafSize - 1));
                if (rest != 0)
                {
                    page += BitOperations.TrailingZeroCount(rest);
                    return page < endPage ? page : -1;
                }
            }

            long spanPages = 1L << ShiftAt(level);
            page = (page & -spanPages) + spanPages;
        }

        return -1;
    }
}
