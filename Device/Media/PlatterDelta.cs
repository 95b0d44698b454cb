using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using BlockEmu.Device.Atoms;
using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Media;

/// <summary>A change of the platter: zero ranges, and pages on top of them. Built newest first, so that what is there already
/// is newer than what comes and wins.</summary>
/// <remarks>It points at the bytes it is given, which have to stay until <see cref="Free"/>, and copies only where one page is
/// made up of several; it rents and returns its pages under the disk's lock. Used again and again.</remarks>
internal sealed unsafe class PlatterDelta(DiskGeometry geometry, PageArena arena)
{
    private const int MaxKeptCapacity = 8192;

    private Dictionary<long, DeltaPage> _pages = [];
    private long[] _order = [];
    private int _orderCount; // how many pages there were when they were put in order: they only become more
    private bool _hasFarAtom;
    private bool _hasMixedPage;

    public Dictionary<long, DeltaPage> Pages => _pages;

    /// <summary>Pages that become zero, before <see cref="Pages"/> go on top.</summary>
    public PageRanges ZeroRanges { get; } = new();

    /// <summary>Whether zeroes must stay provisioned on the medium.</summary>
    public bool KeepsProvisioned { get; set; }

    /// <summary>Whether it holds an atom that a killed process could leave torn: one in more than one page, or one in a page
    /// that is written in several pieces. Such pages have <see cref="DeltaPage.MayTear"/>, too.</summary>
    public bool MayTear => _hasFarAtom || (_hasMixedPage && HasTearingPage());

    /// <summary>Whether it changes nothing.</summary>
    public bool IsEmpty => _pages.Count == 0 && ZeroRanges.Count == 0;

    /// <summary>Adds a surviving part of a command that is older than all that was added before.</summary>
    /// <param name="piece">The part.</param>
    /// <param name="reach">How far an atom of that command may reach.</param>
    public void Cover(LivePiece piece, AtomReach reach)
    {
        _hasFarAtom |= reach == AtomReach.Pages;
        long start = piece.OffsetBytes;
        while (start < piece.EndBytes)
        {
            long page = start / PageArena.PageBytes;
            long pageStart = page * PageArena.PageBytes;
            bool isWhole = start == pageStart && EndsPage(page, piece.EndBytes);
            if (piece.Data == 0 && isWhole)
            {
                long endPage = piece.EndBytes == geometry.SizeBytes ? geometry.PageCount : piece.EndBytes / PageArena.PageBytes;
                ZeroRanges.Add(page, endPage);
                start = endPage * PageArena.PageBytes;
                continue;
            }

            long end = Math.Min(piece.EndBytes, pageStart + PageArena.PageBytes);
            int first = (int)(start - pageStart) / geometry.BlockSizeBytes;
            byte mask = DiskGeometry.Mask(first, (int)(end - start) / geometry.BlockSizeBytes);
            CoverBlocks(page, mask, piece.Data == 0 ? 0 : piece.Data + (nint)(start - piece.OffsetBytes), first, reach);
            start = end;
        }
    }

    /// <summary>Composes a page's new content over its old one; both are whole pages.</summary>
    public void Compose(long page, ref readonly DeltaPage entry, ReadOnlySpan<byte> old, Span<byte> result)
    {
        int blockBytes = geometry.BlockSizeBytes;
        bool isInZeroRange = ZeroRanges.Contains(page);
        for (int block = 0; block < geometry.BlocksPerPage; block++)
        {
            Span<byte> target = result.Slice(block * blockBytes, blockBytes);
            if ((entry.DataMask & (1 << block)) != 0)
            {
                new ReadOnlySpan<byte>((byte*)entry.Data + (block * blockBytes), blockBytes).CopyTo(target);
            }
            else if ((entry.ZeroMask & (1 << block)) != 0 || isInZeroRange)
            {
                target.Clear();
            }
            else
            {
                old.Slice(block * blockBytes, blockBytes).CopyTo(target);
            }
        }
    }

    /// <summary>The numbers of <see cref="Pages"/>, ascending. Good until the delta changes; for one thread.</summary>
    public ReadOnlySpan<long> SortPages()
    {
        if (_orderCount != _pages.Count)
        {
            if (_order.Length < _pages.Count)
            {
                _order = new long[Math.Max(_pages.Count, _order.Length * 2)];
            }

            _pages.Keys.CopyTo(_order, 0);
            _orderCount = _pages.Count;
            _order.AsSpan(0, _orderCount).Sort();
        }

        return _order.AsSpan(0, _orderCount);
    }

    /// <summary>What it does to <see cref="Pages"/>, or to those that may tear, ascending. As <see cref="SortPages"/>.</summary>
    public DeltaWalk WalkPieces(bool onlyTearing = false) => new(this, geometry, onlyTearing);

    /// <summary>A page of <see cref="Pages"/>.</summary>
    public ref readonly DeltaPage Find(long page) => ref CollectionsMarshal.GetValueRefOrNullRef(_pages, page);

    /// <summary>Returns the delta's memory: it is empty, and can be built anew.</summary>
    public void Free()
    {
        foreach (DeltaPage entry in _pages.Values)
        {
            if (entry.IsOwn)
            {
                arena.Return(entry.Data, PageArena.PageBytes);
            }
        }

        if (_pages.Capacity > MaxKeptCapacity)
        {
            (_pages, _order) = ([], []);
        }

        _pages.Clear();
        _orderCount = 0;
        ZeroRanges.Clear();
        KeepsProvisioned = false;
        (_hasFarAtom, _hasMixedPage) = (false, false);
    }

    private bool HasTearingPage()
    {
        foreach (DeltaPage entry in _pages.Values)
        {
            if (entry.MayTear)
            {
                return true;
            }
        }

        return false;
    }

    private bool EndsPage(long page, long endBytes) =>
        endBytes >= (page + 1) * PageArena.PageBytes || endBytes == geometry.SizeBytes;

    private void CoverBlocks(long page, byte mask, nint firstBlockData, int firstBlock, AtomReach reach)
    {
        if (ZeroRanges.Contains(page))
        {
            return;
        }

        ref DeltaPage entry = ref CollectionsMarshal.GetValueRefOrAddDefault(_pages, page, out _);
        int covered = entry.DataMask | entry.ZeroMask;
        mask &= (byte)~covered;
        _hasMixedPage |= covered != 0 && mask != 0;
        entry.Reach = reach > entry.Reach ? reach : entry.Reach;
        if (firstBlockData == 0 || mask == 0)
        {
            entry.ZeroMask |= mask;
            return;
        }

        nint data = firstBlockData - (firstBlock * geometry.BlockSizeBytes);
        if (entry.DataMask == 0)
        {
            (entry.Data, entry.DataMask) = (data, mask);
            return;
        }

        if (!entry.IsOwn)
        {
            nint own = arena.Rent(PageArena.PageBytes);
            CopyBlocks(own, entry.Data, entry.DataMask);
            (entry.Data, entry.IsOwn) = (own, true);
        }

        CopyBlocks(entry.Data, data, mask);
        entry.DataMask |= mask;
    }

    private void CopyBlocks(nint target, nint source, byte mask)
    {
        int blockBytes = geometry.BlockSizeBytes;
        for (int block = 0; block < geometry.BlocksPerPage; block++)
        {
            if ((mask & (1 << block)) != 0)
            {
                nint at = block * blockBytes;
                Unsafe.CopyBlockUnaligned((byte*)target + at, (byte*)source + at, (uint)blockBytes);
            }
        }
    }
}
