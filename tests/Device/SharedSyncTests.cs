using BlockEmu.Device.Cache;
using BlockEmu.Device.Media;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Device.Tests;

public sealed class SharedSyncTests
{
    [Fact]
    public async Task Who_comes_during_a_sync_shares_the_next_one()
    {
        using ManualResetEventSlim door = new();
        int syncs = 0;
        SharedSync shared = new(() =>
        {
            syncs++;
            door.Wait(TestContext.Current.CancellationToken);
        }, e => e.ToStatus());
        Task<DiskStatus>[] all = StartNine(shared);
        door.Set();
        Assert.All(await Task.WhenAll(all), status => Assert.Equal(DiskStatus.Ok, status));
        Assert.Equal(2, syncs);
    }

    [Fact]
    public async Task A_sync_that_fails_is_told_to_everybody_it_was_for()
    {
        using ManualResetEventSlim door = new();
        int syncs = 0;
        SharedSync shared = new(() =>
        {
            door.Wait(TestContext.Current.CancellationToken);
            if (++syncs > 1)
            {
                throw new DeviceIoException("no", LibC.ENOSPC);
            }
        }, e => e.ToStatus());
        Task<DiskStatus>[] all = StartNine(shared);
        door.Set();
        DiskStatus[] told = await Task.WhenAll(all);
        Assert.Equal(8, told.Count(s => s == DiskStatus.MediumFull));
        Assert.Equal(1, told.Count(s => s == DiskStatus.Ok));
    }

    /// <summary>One of them is in the sync, the others have asked for it.</summary>
    private static Task<DiskStatus>[] StartNine(SharedSync shared)
    {
        Task<DiskStatus>[] all =
        [
            .. Enumerable.Range(0, 9).Select(_ => Task.Factory.StartNew(
                shared.Run, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)),
        ];
        Assert.True(SpinWait.SpinUntil(() => shared.Asked == 9, Pace.Seconds(30)), "not all of them came");
        return all;
    }
}
