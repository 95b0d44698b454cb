using BlockEmu.Device.Cache;

namespace BlockEmu.Device.Transfers;

/// <summary>Pages lent to one session, for payloads to be received where the cache keeps them. Used again and again; for one
/// thread.</summary>
/// <remarks>A payload's byte <c>i</c>, bound for the disk's byte <c>offset + i</c>, lies in its page number
/// <c>(offset % 4096 + i) / 4096</c>. Pages are lent as the payload arrives: a header alone obliges the disk to nothing.</remarks>
public sealed class WriteStock : IDisposable
{
    /// <summary>How many pages are borrowed at once, so that small writes ask rarely.</summary>
    private const int BulkPages = 16;

    /// <summary>How many pages are kept for the next payload.</summary>
    private const int MaxSpares = BulkPages;

    private readonly DiskCore _core;
    private nint[] _spares = [];
    private nint[] _payload = [];
    private int _spareCount;

    internal WriteStock(DiskCore core) => _core = core;

    /// <summary>Pages the payload has.</summary>
    public int PayloadPages { get; private set; }

    /// <summary>Pages borrowed now, the payload's among them.</summary>
    public int LentPages => PayloadPages + _spareCount;

    /// <summary>How many pages a payload covers.</summary>
    public static int CountPages(long offsetBytes, int lengthBytes) =>
        (int)((offsetBytes + lengthBytes + PageArena.PageBytes - 1) / PageArena.PageBytes - (offsetBytes / PageArena.PageBytes));

    /// <summary>Whether <see cref="TryExtend"/> failed for want of memory, not of power.</summary>
    public bool LacksMemory { get; private set; }

    /// <summary>Lets the payload have that many pages. False when the disk has no power for this session, or the host no memory
    /// (<see cref="LacksMemory"/>).</summary>
    public bool TryExtend(long epoch, int pages)
    {
        int missing = pages - PayloadPages - _spareCount;
        if (missing > 0)
        {
            int borrowed = Math.Max(missing, BulkPages);
            Grow(ref _spares, _spareCount + borrowed);
            DiskStatus lent = _core.Lending.TryLend(epoch, _spares.AsSpan(_spareCount, borrowed));
            if (lent != DiskStatus.Ok)
            {
                LacksMemory = lent == DiskStatus.NoMemory;
                return false;
            }

            _spareCount += borrowed;
        }

        Grow(ref _payload, pages);
        while (PayloadPages < pages)
        {
            _payload[PayloadPages++] = _spares[--_spareCount];
        }

        return true;
    }

    /// <summary>Where the payload's bytes from <paramref name="doneBytes"/> on go, as far as it has pages and
    /// <paramref name="room"/> has places; returns how many places were filled.</summary>
    public int GetRoom(long offsetBytes, int lengthBytes, int doneBytes, Span<PageSegment> room)
    {
        int count = 0;
        int inPage = (int)(offsetBytes % PageArena.PageBytes);
        while (doneBytes < lengthBytes && count < room.Length)
        {
            int page = (inPage + doneBytes) / PageArena.PageBytes;
            if (page >= PayloadPages)
            {
                break;
            }

            int at = (inPage + doneBytes) % PageArena.PageBytes;
            int bytes = Math.Min(PageArena.PageBytes - at, lengthBytes - doneBytes);
            room[count++] = new PageSegment(_payload[page] + at, bytes);
            doneBytes += bytes;
        }

        return count;
    }

    /// <summary>Copies a payload's next bytes to their place; it has the pages.</summary>
    public unsafe void Put(long offsetBytes, int doneBytes, ReadOnlySpan<byte> bytes)
    {
        int at = (int)(offsetBytes % PageArena.PageBytes) + doneBytes;
        fixed (byte* start = bytes)
        {
            byte* source = start;
            byte* end = start + bytes.Length;
            while (source < end)
            {
                nint page = _payload[at / PageArena.PageBytes];
                int inPage = at % PageArena.PageBytes;
                int length = (int)Math.Min(PageArena.PageBytes - inPage, end - source);
                if (length == PageArena.PageBytes)
                {
                    PageCopy.Fill(page, source);
                }
                else
                {
                    Buffer.MemoryCopy(source, (void*)(page + inPage), length, length);
                }

                source += length;
                at += length;
            }
        }

        PageCopy.Fence();
    }

    /// <summary>Forgets the payload; its pages serve the next one.</summary>
    public void Reset()
    {
        Grow(ref _spares, LentPages);
        for (int i = 0; i < PayloadPages; i++)
        {
            if (_payload[i] != 0)
            {
                _spares[_spareCount++] = _payload[i];
            }
        }

        PayloadPages = 0;
        if (_spareCount > MaxSpares)
        {
            _core.Lending.TakeBack(_spares.AsSpan(MaxSpares, _spareCount - MaxSpares));
            _spareCount = MaxSpares;
        }
    }

    /// <summary>Gives all pages back; the stock can still be used.</summary>
    public void Trim()
    {
        Reset();
        _core.Lending.TakeBack(_spares.AsSpan(0, _spareCount));
        _spareCount = 0;
        (_spares, _payload) = ([], []);
    }

    public void Dispose() => Trim();

    /// <summary>A page of the payload.</summary>
    internal nint this[int page] => _payload[page];

    /// <summary>The cache keeps a page of the payload from here on. Under the disk's lock.</summary>
    internal nint Take(int page)
    {
        nint taken = _payload[page];
        _payload[page] = 0;
        _core.Lending.Keep();
        return taken;
    }

    private static void Grow(ref nint[] pages, int needed)
    {
        if (pages.Length < needed)
        {
            Array.Resize(ref pages, Math.Max(BulkPages, Math.Max(needed, pages.Length * 2)));
        }
    }
}
