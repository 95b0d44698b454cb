using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Tests;

/// <summary>Locks as QEMU's, and flock, whatever the runtime's own are.</summary>
public sealed class ImageLockTests : IDisposable
{
    private readonly TempImage _image = new();

    public ImageLockTests() => File.WriteAllBytes(_image.Path, new byte[64 << 10]);

    public void Dispose() => _image.Dispose();

    private DiskOptions Options => new() { Name = "l", FilePath = _image.Path };

    /// <summary>Another program's open file, without any lock of .NET's that could stand in for ours.</summary>
    private SafeFileHandle OpenAsOther()
    {
        SafeFileHandle file = File.OpenHandle(_image.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        LockCalls.Flock(file, 8); // LOCK_UN
        return file;
    }

    [Theory]
    [InlineData(101, false, "to write")] // somebody writes
    [InlineData(201, false, "does not let others write")]
    [InlineData(200, false, "does not let others read")]
    [InlineData(103, false, "to resize")]
    [InlineData(101, true, "to write")]
    [InlineData(200, true, "does not let others read")]
    public void An_image_that_is_locked_as_QEMU_does_is_refused(int at, bool isReadOnly, string words)
    {
        using SafeFileHandle other = OpenAsOther();
        Assert.Equal(0, LockCalls.SetOwn(other, LockCalls.F_RDLCK, at, 1));
        DeviceIoException refusal = Assert.Throws<DeviceIoException>(() => new Disk(Options with { IsReadOnly = isReadOnly }));
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        Assert.Throws<DeviceIoException>(() => ImageRecovery.Run(_image.Path));
        LockCalls.SetOwn(other, LockCalls.F_UNLCK, at, 1);
        new Disk(Options).Dispose();
    }

    [Theory]
    [InlineData(100, false)] // somebody reads what is consistent
    [InlineData(201, true)] // somebody does not want others to write, and a reader does not
    public void What_does_not_stand_in_the_way_is_no_reason(int at, bool isReadOnly)
    {
        using SafeFileHandle other = OpenAsOther();
        Assert.Equal(0, LockCalls.SetOwn(other, LockCalls.F_RDLCK, at, 1));
        new Disk(Options with { IsReadOnly = isReadOnly }).Dispose();
    }

    [Fact]
    public void An_image_that_is_locked_by_flock_is_refused()
    {
        using SafeFileHandle other = OpenAsOther();
        Assert.Equal(0, LockCalls.Flock(other, LockCalls.LOCK_SH | LockCalls.LOCK_NB));
        Assert.Contains("cannot be opened", Assert.Throws<DeviceIoException>(() => new Disk(Options)).Message, StringComparison.Ordinal);
        new Disk(Options with { IsReadOnly = true }).Dispose();
    }

    [Fact]
    public void Several_disks_may_read_one_image_while_none_writes_it()
    {
        using Disk one = new(Options with { IsReadOnly = true });
        using Disk two = new(Options with { Name = "m", IsReadOnly = true });
        Assert.Throws<DeviceIoException>(() => new Disk(Options));
        Assert.Throws<DeviceIoException>(() => ImageRecovery.Run(_image.Path));
        Assert.Equal(RedoState.None, ImageRecovery.Look(_image.Path).State);
    }

    [Fact]
    public void Others_see_it_while_the_power_is_on_and_during_a_recut_and_not_while_it_is_off()
    {
        using SafeFileHandle other = OpenAsOther();
        using Disk disk = new(Options);
        Assert.True(IsLocked());
        disk.Cut(loss: LossModel.LoseAll);
        Assert.False(IsLocked(), "a tool may not look at an image of a disk that is off");
        Assert.Equal(0, LockCalls.SetOwn(other, LockCalls.F_RDLCK, 101, 1));
        Assert.True(Assert.Throws<DeviceIoException>(() => disk.Recut()).IsInUse);
        Assert.True(Assert.Throws<DeviceIoException>(() => disk.PowerOn()).IsInUse);
        Assert.True(Assert.Throws<DeviceIoException>(() => disk.WritePlatter(_ => { })).IsInUse);
        Assert.Equal(PowerState.Off, disk.PowerState);
        LockCalls.SetOwn(other, LockCalls.F_UNLCK, 101, 1);
        disk.Recut();
        Assert.False(IsLocked());
        disk.PowerOn();
        Assert.True(IsLocked());
        Assert.Throws<PowerMoveException>(() => disk.PowerOn());
        Assert.Equal(DiskStatus.Ok, disk.Shutdown());
        Assert.False(IsLocked());

        bool IsLocked() => LockCalls.IsHeldByOther(other, 101) && LockCalls.IsHeldByOther(other, 201);
    }
}
