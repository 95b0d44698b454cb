using BlockEmu.Device.Cache;

namespace BlockEmu.Device.Transfers;

/// <summary>Pages of a disk that its sessions have for payloads on their way.</summary>
internal sealed class PageLending(DiskCore core)
{
    private readonly PageLoans _loans = new(core.Arena);

    /// <summary>Lends pages to a session; false when it may not go on. Takes the disk's lock.</summary>
    public bool TryLend(long epoch, Span<nint> pages)
    {
        lock (core.Gate)
        {
            if (core.Admit(epoch) is null or DiskStatus.PowerLost)
            {
                return false;
            }

            _loans.Lend(pages);
            return true;
        }
    }

    /// <summary>Takes lent pages back. Takes the disk's lock.</summary>
    public void TakeBack(ReadOnlySpan<nint> pages)
    {
        if (!pages.IsEmpty)
        {
            lock (core.Gate)
            {
                _loans.TakeBack(pages);
            }
        }
    }

    /// <summary>A lent page has become the cache's. Under the disk's lock.</summary>
    public void Keep() => _loans.Keep();

    /// <summary>Nothing is lent any more.</summary>
    public void Close() => _loans.Close();
}
