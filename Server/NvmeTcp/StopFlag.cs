using BlockEmu.Server.Nvme;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>Whether a queue was stopped, and how; of two ways the stricter holds. Any thread.</summary>
internal sealed class StopFlag
{
    private static readonly SessionEnd[] s_ends = [SessionEnd.None, SessionEnd.Close, SessionEnd.None, SessionEnd.Silence, SessionEnd.Reset];

    private volatile int _rank;

    /// <summary>False from the moment that the queue is stopped, and for good. Asked for every batch.</summary>
    public bool IsLive => _rank == 0;

    /// <summary>What a queue that was stopped does: None = go on and answer everything with an error.</summary>
    public SessionEnd End => s_ends[_rank];

    public void Set(NvmeQueueStop how)
    {
        int wanted = how switch
        {
            NvmeQueueStop.Close => 1,
            NvmeQueueStop.Fail => 2,
            NvmeQueueStop.Mute => 3,
            _ => 4,
        };
        int now = _rank;
        while (wanted > now && Interlocked.CompareExchange(ref _rank, wanted, now) != now)
        {
            now = _rank;
        }
    }
}
