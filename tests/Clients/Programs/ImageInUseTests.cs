using System.Diagnostics;
using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device.Media;

namespace BlockEmu.Clients.Tests.Programs;

/// <summary>One image, and who else wants it: QEMU, a loop device, a second server that was told to take no locks.</summary>
public sealed class ImageInUseTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public ImageInUseTests() => File.WriteAllBytes(Image, new byte[1 << 20]);

    public void Dispose() => _folder.Dispose();

    private string Image => _folder.File("image");

    private string Disk => $"name={LiveServer.DiskName},medium=file:{Image}";

    [Fact]
    public async Task QEMU_refuses_an_image_that_is_served_and_takes_it_while_the_disk_is_off()
    {
        await using ServerProcess server = await ServerProcess.StartAsync(Disk, hasAdmin: true);
        ProgramRun refused = await ProgramRun.StartAsync("qemu-io", "-f", "raw", "-c", "write 0 4k", Image);
        Assert.True(refused.ExitCode != 0 && refused.Errors.Contains("lock", StringComparison.Ordinal), refused.Everything);
        refused = await ProgramRun.StartAsync("qemu-img", "convert", "-f", "raw", "-O", "raw", Image, _folder.File("copy"));
        Assert.True(refused.ExitCode != 0 && refused.Errors.Contains("lock", StringComparison.Ordinal), refused.Everything);
        await ProgramRun.SucceedAsync("qemu-img", "convert", "--force-share", "-f", "raw", "-O", "raw", Image, _folder.File("copy"));
        using Load.CutByHttp power = new(server.Admin);
        await power.CutAsync(1);
        await ProgramRun.SucceedAsync("qemu-io", "-f", "raw", "-c", "write -P 5 0 4k", Image);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_image_that_QEMU_writes_is_refused_and_so_it_is_to_recover(bool isReadOnly)
    {
        string socket = _folder.File("s");
        string pidFile = _folder.File("pid");
        using Process qemu = Process.Start(Tool.Find("qemu-nbd"), ["-f", "raw", "-t", "-k", socket, "--pid-file", pidFile, Image]);
        try
        {
            await WaitForFileAsync(qemu, pidFile);
            InvalidOperationException refusal = await Assert.ThrowsAsync<InvalidOperationException>(
                () => ServerProcess.StartAsync(Disk + (isReadOnly ? ",readonly" : "")));
            Assert.Contains("in use by QEMU", refusal.Message, StringComparison.Ordinal);
            Assert.Throws<Device.DeviceIoException>(() => ImageRecovery.Run(Image));
        }
        finally
        {
            qemu.Kill();
            await qemu.WaitForExitAsync();
        }

        await using ServerProcess server = await ServerProcess.StartAsync(Disk);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_image_under_a_loop_device_is_refused_by_the_devices_name(bool byOtherName)
    {
        Tool.RequireThat(Environment.UserName == "root", "loop devices need root");
        Tool.RequireThat(File.Exists("/dev/loop-control"), "there are no loop devices");
        string name = Image;
        if (byOtherName)
        {
            name = _folder.File("link");
            await ProgramRun.SucceedAsync("ln", Image, name);
        }

        string device = (await ProgramRun.SucceedAsync("losetup", "--find", "--show", name)).Output.Trim();
        try
        {
            InvalidOperationException refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => ServerProcess.StartAsync(Disk));
            Assert.Contains($"losetup --detach {device}", refusal.Message, StringComparison.Ordinal);
        }
        finally
        {
            await ProgramRun.SucceedAsync("losetup", "--detach", device);
        }
    }

    [Fact]
    public async Task Two_servers_never_share_an_image_even_when_the_runtime_takes_no_locks()
    {
        await using ServerProcess first = await ServerProcess.StartAsync(Disk, environment: ("DOTNET_SYSTEM_IO_DISABLEFILELOCKING", "1"));
        InvalidOperationException refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ServerProcess.StartAsync(Disk, environment: ("DOTNET_SYSTEM_IO_DISABLEFILELOCKING", "1")));
        Assert.Contains("in use by", refusal.Message, StringComparison.Ordinal);
    }

    private static async Task WaitForFileAsync(Process process, string path)
    {
        using PeriodicTimer tick = new(TimeSpan.FromMilliseconds(20));
        using CancellationTokenSource deadline = new(LiveServer.Patience);
        while (!File.Exists(path))
        {
            Assert.False(process.HasExited, "it has ended");
            await tick.WaitForNextTickAsync(deadline.Token);
        }
    }
}
