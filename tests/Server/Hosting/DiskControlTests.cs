using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Server.Hosting;
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
        PowerMoveException refusal = await Assert.ThrowsAsync<PowerMoveException>(() => control.PowerOnAsync());
        Assert.Equal("disk x is being removed", refusal.Message);
        Assert.Equal(PowerState.Off, disk.PowerState);
    }
}
