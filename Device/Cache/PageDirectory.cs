using System.Runtime.CompilerServices;

namespace BlockEmu.Device.Cache;

/// <summary>A sparse map from page number to a value: a radix tree whose leaves hold 64 neighbours.</summary>
/// <remarks>Its memory follows the pages in use, not the disk's size: a leaf goes when its last entry is removed.</remarks>
internal sealed class PageDirectory<T>
    where T : struct
{
    private const int LeafBits = 6;
    private const int NodeBits = 10;
    private const int LeafSize = 1 << LeafBits;
    private const int NodeSize = 1 << NodeBits;
    private const int MaxSpareLeaves = 1024;

    private readonly int _height;
    private readonly object?[] _root = new object?[NodeSize];
    private readonly Stack<Leaf> _spare = new();

    /// <summary>Creates a map for page numbers below <paramref name="pageCount"/>.</summary>
    public PageDirectory(long pageCount)
    {
        int bits = 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)Math.Max(pageCount - 1, 1));
        _height = Math.Max(1, (bits - LeafBits + NodeBits - 1) / NodeBits);
    }

    /// <summary>Entries in use.</summary>
    public long Count { get; private set; }

    /// <summary>The entry, or a null reference (<see cref="Unsafe.IsNullRef{T}"/>) when it is not in use.</summary>
    public ref T Find(long page)
    {
        object?[] node = _root;
        for (int level = _height - 1; level > 0; level--)
        {
            object? next = node[IndexAt(page, level)];
            if (next is null)
            {
                return ref Unsafe.NullRef<T>();
            }

            node = Unsafe.As<object?[]>(next);
        }

        object? leafObject = node[IndexAt(page, 0)];
        if (leafObject is null)
        {
            return ref Unsafe.NullRef<T>();
        }

        Leaf leaf = Unsafe.As<Leaf>(leafObject);
        int index = (int)(page & (LeafSize - 1));
        if ((leaf.Used & (1UL << index)) == 0)
        {
            return ref Unsafe.NullRef<T>();
        }

        return ref leaf.Entries[index];
    }

    /// <summary>The entry, put into use (as default) when it was not.</summary>
    public ref T FindOrAdd(long page, out bool added)
    {
        ref object? slot = ref Descend(page);
        slot ??= _spare.TryPop(out Leaf? spare) ? spare : new Leaf();
        Leaf leaf = Unsafe.As<Leaf>(slot);
        int index = (int)(page & (LeafSize - 1));
        added = (leaf.Used & (1UL << index)) == 0;
        if (added)
        {
            leaf.Used |= 1UL << index;
            leaf.Entries[index] = default;
            Count++;
        }

        return ref leaf.Entries[index];
    }

    /// <summary>Takes an entry that is in use out of use.</summary>
    public void Remove(long page)
    {
        ref object? slot = ref Descend(page);
        Leaf leaf = Unsafe.As<Leaf>(slot!);
        leaf.Used &= ~(1UL << (int)(page & (LeafSize - 1)));
        Count--;
        if (leaf.Used == 0)
        {
            slot = null;
            if (_spare.Count < MaxSpareLeaves)
            {
                _spare.Push(leaf);
            }
        }
    }

    /// <summary>The first page in use in [<paramref name="page"/>, <paramref name="endPage"/>), or -1. Empty regions are
    /// passed over a subtree at a time.</summary>
    public long NextInUse(long page, long endPage)
    {
        while (page < endPage)
        {
            object?[] node = _root;
            int level = _height - 1;
            object? next = node[IndexAt(page, level)];
            while (level > 0 && next is not null)
            {
                node = Unsafe.As<object?[]>(next);
                level--;
                next = node[IndexAt(page, level)];
            }

            if (next is not null)
            {
                ulong rest = Unsafe.As<Leaf>(next).Used >> (int)(page & (LeafSize - 1));
                if (rest != 0)
                {
                    page += System.Numerics.BitOperations.TrailingZeroCount(rest);
                    return page < endPage ? page : -1;
                }
            }

            long spanPages = 1L << (LeafBits + (level * NodeBits));
            page = (page & -spanPages) + spanPages;
        }

        return -1;
    }

    /// <summary>The first page not in use in [<paramref name="page"/>, <paramref name="endPage"/>), or
    /// <paramref name="endPage"/>: a leaf at a time.</summary>
    public long NextFree(long page, long endPage)
    {
        while (page < endPage)
        {
            object? leaf = FindLeaf(page);
            if (leaf is null)
            {
                return page;
            }

            int index = (int)(page & (LeafSize - 1));
            ulong free = ~Unsafe.As<Leaf>(leaf).Used >> index;
            if (free != 0)
            {
                return Math.Min(endPage, page + System.Numerics.BitOperations.TrailingZeroCount(free));
            }

            page += LeafSize - index;
        }

        return endPage;
    }

    private object? FindLeaf(long page)
    {
        object?[] node = _root;
        for (int level = _height - 1; level > 0; level--)
        {
            object? next = node[IndexAt(page, level)];
            if (next is null)
            {
                return null;
            }

            node = Unsafe.As<object?[]>(next);
        }

        return node[IndexAt(page, 0)];
    }

    private ref object? Descend(long page)
    {
        object?[] node = _root;
        for (int level = _height - 1; level > 0; level--)
        {
            ref object? next = ref node[IndexAt(page, level)];
            next ??= new object?[NodeSize];
            node = Unsafe.As<object?[]>(next);
        }

        return ref node[IndexAt(page, 0)];
    }

    private static int IndexAt(long page, int level) => (int)(page >> (LeafBits + (level * NodeBits))) & (NodeSize - 1);

    private sealed class Leaf
    {
        public readonly T[] Entries = new T[LeafSize];
        public ulong Used;
    }
}
