using System.Numerics;
using System.Runtime.InteropServices;
using BlockEmu.Device.Media;

namespace BlockEmu.Device.Cache;

/// <summary>Native memory for pages and for pieces of pages, outside the garbage collector's sight.</summary>
/// <remarks>Not safe for threads: used under the disk's lock. Pieces come in 1, 2, 4 or 8 sectors and never become pages again, so
/// that few sizes compete for memory. Large chunks ask the host for huge pages: a disk is used at random, and each miss of the
/// address cache costs as much as a miss of the data. All of it goes back to the host when the arena is disposed.</remarks>
/// <param name="headroomBytes">What is left to all else when it grows for a client.</param>
/// <param name="hasHeadroom">Whether the host has that; asks it unless a test says so.</param>
internal sealed unsafe class PageArena(long headroomBytes = 0, Func<long, bool>? hasHeadroom = null) : IDisposable
{
    /// <summary>A page: the unit that moves between cache and platter by pointer.</summary>
    public const int PageBytes = 4096;

    /// <summary>The unit of a piece of a page.</summary>
    public const int SectorBytes = 512;

    private const int PageClass = 3;
    private const nuint FirstChunkBytes = 256 << 10;
    private const nuint LargestChunkBytes = 8 << 20;
    private const nuint HugePageBytes = 2 << 20;
    private const int FirstPatience = 256;

    private readonly Func<long, bool> _hasHeadroom = hasHeadroom ?? Headroom.IsThere;
    private readonly List<nint> _chunks = [];
    private readonly FreeList[] _free = [new(), new(), new(), new()]; // pieces of 1, 2, 4 and 8 sectors
    private nint _bump;
    private nint _bumpEnd;
    private nuint _nextChunkBytes = FirstChunkBytes;
    private int _patience = FirstPatience;
    private bool _isDisposed;

    /// <summary>Bytes taken from the host.</summary>
    public long ReservedBytes { get; private set; }

    /// <summary>Who looks at pages without the disk's lock.</summary>
    public PagePins Pins { get; } = new();

    private nuint FreePages => _free[PageClass].Count + ((nuint)(_bumpEnd - _bump) / PageBytes);

    /// <summary>A piece of <paramref name="sizeBytes"/> (a multiple of 512, at most a page), content undefined.</summary>
    public nint Rent(int sizeBytes)
    {
        int size = SizeClass(sizeBytes);
        nint piece = _free[size].Pop();
        if (piece == 0 && Pins.IsWaiting)
        {
            TakeBack();
            piece = _free[size].Pop();
        }

        return piece != 0 ? piece : size == PageClass ? Carve() : CarvePieces(size);
    }

    /// <summary>Sees that so many pages can be rented without asking the host: before anything is changed that could not be undone.
    /// False when the host has no memory for them, or would have none for anything else.</summary>
    public bool TryEnsure(nuint pages) => FreePages >= pages || TryGrow(pages);

    /// <summary>Gives a piece back; the size is the one it was rented with.</summary>
    public void Return(nint piece, int sizeBytes)
    {
        int size = SizeClass(sizeBytes);
        if (!Pins.IsAny)
        {
            _free[size].Push(piece);
            return;
        }

        Pins.SetAside(piece, size);
        if (Pins.WaitingCount >= _patience)
        {
            TakeBack();
        }
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        foreach (nint chunk in _chunks)
        {
            NativeMemory.AlignedFree((void*)chunk);
        }

        foreach (FreeList list in _free)
        {
            list.Dispose();
        }
    }

    /// <summary>Frees what was set aside and nobody looks at any more.</summary>
    private void TakeBack()
    {
        long oldestPin = Pins.FindOldestPin();
        while (Pins.TryTakeBack(oldestPin, out nint piece, out int size))
        {
            _free[size].Push(piece);
        }

        _patience = Math.Max(FirstPatience, Pins.WaitingCount * 2);
    }

    private static int SizeClass(int sizeBytes) =>
        sizeBytes > PageBytes / 2 ? PageClass : BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)(sizeBytes / SectorBytes)));

    private nint CarvePieces(int sizeClass)
    {
        nint page = Rent(PageBytes);
        int sizeBytes = SectorBytes << sizeClass;
        for (int offset = sizeBytes; offset < PageBytes; offset += sizeBytes)
        {
            _free[sizeClass].Push(page + offset);
        }

        return page;
    }

    private nint Carve()
    {
        if (_bump == _bumpEnd && !TryAddChunk(PageBytes))
        {
#pragma warning disable MA0012 // It is what it says: the host has refused even the headroom.
            throw new InsufficientMemoryException("the host has no memory for another page");
#pragma warning restore MA0012
        }

        nint page = _bump;
        _bump += PageBytes;
        return page;
    }

    private bool TryGrow(nuint pages)
    {
        if (Pins.IsWaiting)
        {
            TakeBack();
        }

        while (FreePages < pages)
        {
            while (_bump != _bumpEnd)
            {
                _free[PageClass].Push(Carve());
            }

            if (!TryAddChunk((pages - FreePages) * PageBytes))
            {
                return false;
            }

            if (!_hasHeadroom(headroomBytes))
            {
                DropNewestChunk();
                return false;
            }
        }

        return true;
    }

    /// <summary>A chunk of the usual size, or what the host has, if that is enough for <paramref name="leastBytes"/> or is the
    /// largest there can be.</summary>
    private bool TryAddChunk(nuint leastBytes)
    {
        leastBytes = Math.Min((leastBytes + FirstChunkBytes - 1) / FirstChunkBytes * FirstChunkBytes, LargestChunkBytes);
        for (nuint bytes = Math.Max(_nextChunkBytes, BitOperations.RoundUpToPowerOf2(leastBytes)); bytes >= leastBytes; bytes /= 2)
        {
            try
            {
                _bump = (nint)NativeMemory.AlignedAlloc(bytes, Math.Min(bytes, HugePageBytes));
            }
            catch (OutOfMemoryException)
            {
                continue;
            }

            if (bytes >= HugePageBytes)
            {
                LibC.AdviseHugePages(_bump, bytes);
            }

            _nextChunkBytes = Math.Min(bytes * 2, LargestChunkBytes);
            _bumpEnd = _bump + (nint)bytes;
            _chunks.Add(_bump);
            ReservedBytes += (long)bytes;
            return true;
        }

        return false;
    }

    /// <summary>None of its pages is in use.</summary>
    private void DropNewestChunk()
    {
        ReservedBytes -= _bumpEnd - _bump;
        NativeMemory.AlignedFree((void*)_chunks[^1]);
        _chunks.RemoveAt(_chunks.Count - 1);
        _bump = _bumpEnd = 0;
    }
}
