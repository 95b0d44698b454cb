using System.Numerics;
using System.Runtime.InteropServices;

namespace BlockEmu.Device.Cache;

/// <summary>Native memory for pages and for pieces of pages, outside the garbage collector's sight.</summary>
/// <remarks>Not safe for threads: used under the disk's lock. Free pieces are chained through their own first bytes. Pieces
/// come in 1, 2, 4 or 8 sectors and never become pages again, so that few sizes compete for memory. All of it goes back to the
/// host when the arena is disposed.</remarks>
internal sealed unsafe class PageArena : IDisposable
{
    /// <summary>A page: the unit that moves between cache and platter by pointer.</summary>
    public const int PageBytes = 4096;

    /// <summary>The unit of a piece of a page.</summary>
    public const int SectorBytes = 512;

    private const int SectorsPerPage = PageBytes / SectorBytes;
    private const nuint FirstChunkBytes = 256 << 10;
    private const nuint LargestChunkBytes = 8 << 20;

    private readonly List<nint> _chunks = [];
    private readonly nint[] _free = new nint[SectorsPerPage + 1]; // by size in sectors
    private nint _bump;
    private nint _bumpEnd;
    private nuint _nextChunkBytes = FirstChunkBytes;
    private bool _isDisposed;

    /// <summary>Bytes taken from the host.</summary>
    public long ReservedBytes { get; private set; }

    /// <summary>A piece of <paramref name="sizeBytes"/> (a multiple of 512, at most a page), content undefined.</summary>
    public nint Rent(int sizeBytes)
    {
        int sectors = (int)BitOperations.RoundUpToPowerOf2((uint)(sizeBytes / SectorBytes));
        nint piece = _free[sectors];
        if (piece != 0)
        {
            _free[sectors] = *(nint*)piece;
            return piece;
        }

        return sectors == SectorsPerPage ? Carve() : CarvePieces(sectors);
    }

    /// <summary>Gives a piece back; the size is the one it was rented with.</summary>
    public void Return(nint piece, int sizeBytes)
    {
        int sectors = (int)BitOperations.RoundUpToPowerOf2((uint)(sizeBytes / SectorBytes));
        *(nint*)piece = _free[sectors];
        _free[sectors] = piece;
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
    }

    private nint CarvePieces(int sectors)
    {
        nint page = Rent(PageBytes);
        int size = sectors * SectorBytes;
        for (int offset = size; offset + size <= PageBytes; offset += size)
        {
            Return(page + offset, size);
        }

        return page;
    }

    private nint Carve()
    {
        if (_bump == _bumpEnd)
        {
            nuint bytes = _nextChunkBytes;
            _nextChunkBytes = Math.Min(bytes * 2, LargestChunkBytes);
            _bump = (nint)NativeMemory.AlignedAlloc(bytes, Math.Min(bytes, 2 << 20));
            _bumpEnd = _bump + (nint)bytes;
            _chunks.Add(_bump);
            ReservedBytes += (long)bytes;
        }

        nint page = _bump;
        _bump += PageBytes;
        return page;
    }
}
