using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Tests.Nbd;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlockEmu.Server.Tests.Hosting;

public sealed class DiskControlTests
{
    [Fact]
    public async Task A_disk_that_is_being_removed_is_flushed_and_cannot_be_switched_on_again()
    {
        using Disk disk = new(new DiskOptions { Name = "x", SizeBytes = 1 << 20, Loss = LossModel.LoseAll });
        using DiskControl control = new(new ServedDisk(disk), TimeProvider.System, static _ => { }, NullLogger.Instance);
        disk.Write(disk.PowerEpoch, 0, new byte[] { 1, 2, 3, 4 }, fua: false);
        Assert.Equal(DiskStatus.Ok, await control.RetireAsync(acceptLoss: false));
        Assert.Equal(0, disk.GetStatistics().PendingCommands);
        ObjectDisposedException refusal = await Assert.ThrowsAsync<ObjectDisposedException>(() => control.PowerOnAsync());
        Assert.StartsWith("disk x was removed meanwhile", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(PowerState.Off, disk.PowerState);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1024)]
    public async Task All_that_wait_for_a_disk_end_when_it_is_removed(int ofEach)
    {
        DiskDirectory directory = new(TimeProvider.System, NullLogger.Instance);
        DiskControl control = directory.TryOpen(new DiskSpec { Options = new DiskOptions { Name = "x", SizeBytes = 1 << 20 } })!;
        await control.CutAsync(1, null, null);
        TaskCompletionSource held = new();
        Task<bool> busy = control.MoveAsync(() =>
        {
            held.Task.Wait();
            return true;
        });

#pragma warning disable CA2025 // They end before the directory does: that is what is tested.
        // Each is in its place of the queue when its call returns.
        Task<bool> removal = directory.CloseAsync(control, acceptLoss: false);
        List<Task> waiting = [];
        for (int i = 0; i < ofEach; i++)
        {
            waiting.AddRange([
                control.CutAsync(2, null, null), control.RecutAsync(2, null), control.PowerOnAsync(), control.ShutdownAsync(null),
                control.ChangeAsync(static o => o), directory.CloseAsync(control, acceptLoss: false), control.MoveAsync(static () => 1),
                control.WaitAsync(static ended => Task.Delay(Timeout.InfiniteTimeSpan, ended), CancellationToken.None)]);
        }

#pragma warning restore CA2025
        held.SetResult();
        Assert.True(await busy);
        Assert.True(await removal);
        foreach (Task task in waiting)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => task.WaitAsync(NbdBench.Patience));
        }

        Assert.Equal(8 * ofEach, waiting.Count);
        Assert.Null(directory.Find("x"));
        directory.Dispose();
    }

    [Fact]
    public async Task All_that_wait_for_a_disk_end_when_the_server_does()
    {
        DiskDirectory directory = new(TimeProvider.System, NullLogger.Instance);
        DiskControl control = directory.TryOpen(new DiskSpec { Options = new DiskOptions { Name = "x", SizeBytes = 1 << 20 } })!;
        TaskCompletionSource held = new();
        Task<bool> busy = control.MoveAsync(() =>
        {
            held.Task.Wait();
            return true;
        });
        Task<CutReport>[] cuts = [.. Enumerable.Range(0, 100).Select(i => control.CutAsync((ulong)i, null, null))];
        directory.Dispose();
        foreach (Task cut in cuts)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => cut.WaitAsync(NbdBench.Patience));
        }

        held.SetResult();
        Assert.True(await busy);
    }
}
