using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;

namespace BlockEmu.Clients.Tests.HostFs;

/// <summary>The file system with an image of a killed server is mounted anew, by another device, before the next server comes.</summary>
public sealed class RemountTests
{
    private const int Size = 64 << 10;

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public async Task What_a_kill_left_half_done_is_finished_after_a_remount(string kind)
    {
        Tool.RequireThat(Environment.UserName == "root", "mounting needs root");
        Tool.RequireThat(File.Exists("/dev/loop-control"), "there are no loop devices");
        using TempFolder folder = new();
        string backing = folder.File("backing");
        await ProgramRun.SucceedAsync("truncate", "-s", "400M", backing);
        await ProgramRun.SucceedAsync("mkfs." + kind, "-q", backing);
        await using (AttachedLoop first = await AttachedLoop.AttachAsync(backing))
        {
            await using MountedFileSystem mounted = await MountedFileSystem.MountAsync(kind, first.Path);
            LeaveUnfinished(Path.Combine(mounted.Path, "image"));
            await mounted.UnmountAsync();
        }

        // Another device takes the first's number.
        string other = folder.File("other");
        await ProgramRun.SucceedAsync("truncate", "-s", "1M", other);
        await using AttachedLoop holder = await AttachedLoop.AttachAsync(other);
        await using AttachedLoop second = await AttachedLoop.AttachAsync(backing);
        await using MountedFileSystem again = await MountedFileSystem.MountAsync(kind, second.Path);
        string image = Path.Combine(again.Path, "image");
        Assert.Equal(RedoState.Unfinished, ImageRecovery.Look(image).State);
        Assert.Equal(RedoState.Unfinished, ImageRecovery.Run(image).State);
        byte[] whole = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
        Assert.Equal(Filled(8192), whole[4096..12_288]);
    }

    /// <summary>An image of two pages of 1s, of which the second is not there yet, and what its server left beside it.</summary>
    private static void LeaveUnfinished(string image)
    {
        DiskOptions options = new()
        {
            Name = "d",
            SizeBytes = Size,
            FilePath = image,
            SyncToHost = false,
            Atomicity = new AtomicityParameters { AwunBytes = 8192, AwupfBytes = 8192, AcwuBytes = 4096 },
        };
        string redo = image + ".redo";
        byte[] left;
        using (Disk disk = new(options))
        {
            Assert.Equal(DiskStatus.Ok, disk.Write(1, 4096, Filled(8192), fua: true));
            left = File.ReadAllBytes(redo);
        }

        "BEREDO02"u8.CopyTo(left); // what the disk takes away when it is done
        File.WriteAllBytes(redo, left);
        using (FileStream file = File.OpenWrite(image))
        {
            file.Position = 8192;
            file.Write(new byte[4096]);
        }

        File.SetLastWriteTimeUtc(image, File.GetLastWriteTimeUtc(redo).AddMilliseconds(1));
    }

    private static byte[] Filled(int length)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(1);
        return bytes;
    }

    private sealed class AttachedLoop : IAsyncDisposable
    {
        public required string Path { get; init; }

        public static async Task<AttachedLoop> AttachAsync(string file) =>
            new() { Path = (await ProgramRun.SucceedAsync("losetup", "--find", "--show", file)).Output.Trim() };

        public async ValueTask DisposeAsync() => await ProgramRun.SucceedAsync("losetup", "--detach", Path);
    }
}
