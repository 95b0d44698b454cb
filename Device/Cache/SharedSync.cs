using System.Diagnostics.CodeAnalysis;

namespace BlockEmu.Device.Cache;

/// <summary>Syncs a medium for several at once: whoever comes while a sync is under way waits for the next one, and that serves
/// all who came meanwhile.</summary>
/// <param name="sync">Syncs; throws <see cref="DeviceIoException"/>.</param>
/// <param name="refuse">Says what a command ends with that the medium refused.</param>
[SuppressMessage("Design", "CA1001", Justification = "No wait handle is ever asked of it, and a late command may still wait on it")]
internal sealed class SharedSync(Action sync, Func<DeviceIoException, DiskStatus> refuse)
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _asked;
    private long _served; // under the turn

    /// <summary>How many have asked for one so far. Any thread.</summary>
    public long Asked => Volatile.Read(ref _asked);

    /// <summary>What the caller has written to the medium survives a crash of the host, where that was asked for.</summary>
    public DiskStatus Run()
    {
        long mine = Interlocked.Increment(ref _asked);
        _turn.Wait();
        try
        {
            if (_served >= mine)
            {
                return DiskStatus.Ok;
            }

            long upTo = Asked;
            sync();
            _served = upTo; // a sync that failed serves nobody: each of those it was for tries, and is told, by itself
            return DiskStatus.Ok;
        }
        catch (DeviceIoException e)
        {
            return refuse(e);
        }
        finally
        {
            _turn.Release();
        }
    }
}
