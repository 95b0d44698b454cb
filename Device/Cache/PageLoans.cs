namespace BlockEmu.Device.Cache;

/// <summary>Pages of an arena in the hands of sessions, who fill them without the disk's lock.</summary>
/// <remarks>Under the disk's lock. While the disk is off the arena belongs to whoever judges, without that lock: what comes back
/// then is kept until the next loan. The arena outlives its disk until the last page is back.</remarks>
internal sealed class PageLoans(PageArena arena)
{
    private readonly List<nint> _returned = [];
    private long _lentPages;
    private bool _isClosed;

    /// <summary>Lends as many as there are places; false, and none is lent, when the host has no memory for them.</summary>
    public bool TryLend(Span<nint> pages)
    {
        foreach (nint page in _returned)
        {
            arena.Return(page, PageArena.PageBytes);
        }

        _returned.Clear();
        if (!arena.TryEnsure((nuint)pages.Length))
        {
            return false;
        }

        foreach (ref nint page in pages)
        {
            page = arena.Rent(PageArena.PageBytes);
        }

        _lentPages += pages.Length;
        return true;
    }

    /// <summary>A page stays for good.</summary>
    public void Keep() => _lentPages--;

    public void TakeBack(ReadOnlySpan<nint> pages)
    {
        _returned.AddRange(pages);
        _lentPages -= pages.Length;
        DisposeWhenBack();
    }

    /// <summary>The disk is gone.</summary>
    public void Close()
    {
        _isClosed = true;
        DisposeWhenBack();
    }

    private void DisposeWhenBack()
    {
        if (_isClosed && _lentPages == 0)
        {
            arena.Dispose();
        }
    }
}
