using BlockEmu.Device.Cache;

namespace BlockEmu.Device.Transfers;

/// <summary>Pages of a disk that its sessions have for payloads on their way.</summary>
internal sealed class PageLending(DiskCore core)
{
    private readonly PageLoans _loans = new(core.Arena);

    /// <summary>Lends pages to a session. PowerLost when it may not go on, NoMemory when the host has none. Takes the disk's lock.</summary>
    public DiskStatus TryLend(long epoch, Span<nint> pages)
    {
        lock (core.Gate)
        {
            return core.Admit(epoch) is null or DiskStatus.PowerLost ? DiskStatus.PowerLost
                : _loans.TryLend(pages) ? DiskStatus.Ok
                : DiskStatus.NoMemory;
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
