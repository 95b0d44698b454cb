using System.Diagnostics;
using BlockEmu.Clients.Tests.Support;

namespace BlockEmu.Clients.Tests.HostFs;

/// <summary>An export as a block device of this machine: nbdfuse makes it a file, losetup a device. Let go whatever happens.</summary>
internal sealed class LoopDevice : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly Process _nbdfuse;
    private readonly Task<string> _errors;
    private bool _isAttached;

    private LoopDevice(TempFolder folder, Process nbdfuse)
    {
        _folder = folder;
        _nbdfuse = nbdfuse;
        _errors = nbdfuse.StandardError.ReadToEndAsync();
    }

    /// <summary><c>/dev/loopN</c>.</summary>
    public string Path { get; private set; } = "";

    private string FuseFolder => _folder.File("fuse");

    /// <summary>Attaches, or skips the test where the machine cannot.</summary>
    public static async Task<LoopDevice> AttachAsync(string uri)
    {
        Tool.RequireThat(Environment.UserName == "root", "mounting needs root");
        Tool.RequireThat(File.Exists("/dev/fuse"), "there is no /dev/fuse");
        Tool.RequireThat(File.Exists("/dev/loop-control"), "there are no loop devices");
        _ = Tool.Find("losetup");
        TempFolder folder = new();
        Directory.CreateDirectory(folder.File("fuse"));
        string pidFile = folder.File("nbdfuse.pid");
        LoopDevice device = new(folder, Process.Start(new ProcessStartInfo(Tool.Find("nbdfuse"), ["-P", pidFile, folder.File("fuse"), uri])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        })!);
        try
        {
            await device.WaitForFileAsync(pidFile);
            ProgramRun run = await ProgramRun.SucceedAsync(
                "losetup", "--find", "--show", "--direct-io=on", System.IO.Path.Combine(device.FuseFolder, "nbd"));
            device.Path = run.Output.Trim();
            device._isAttached = true;
            return device;
        }
        catch
        {
            await device.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_isAttached)
            {
                await ProgramRun.SucceedAsync("losetup", "--detach", Path);
            }
        }
        finally
        {
            await EndFuseAsync();
        }
    }

    /// <summary>nbdfuse writes its pid file once it serves.</summary>
    private async Task WaitForFileAsync(string path)
    {
        using PeriodicTimer tick = new(TimeSpan.FromMilliseconds(20));
        using CancellationTokenSource deadline = new(LiveServer.Patience);
        while (!File.Exists(path))
        {
            Assert.False(_nbdfuse.HasExited, _nbdfuse.HasExited ? $"nbdfuse: {await _errors}" : "");
            await tick.WaitForNextTickAsync(deadline.Token);
        }
    }

    private async Task EndFuseAsync()
    {
        try
        {
            // Whoever mounted it also ends it; lazily, so that a file still open cannot hold us up.
            await ProgramRun.StartAsync("umount", "--lazy", FuseFolder);
            await _nbdfuse.WaitForExitAsync().WaitAsync(ProgramRun.Deadline);
        }
        catch (TimeoutException)
        {
            _nbdfuse.Kill();
        }
        finally
        {
            await _nbdfuse.WaitForExitAsync();
            _nbdfuse.Dispose();
            _folder.Dispose();
        }
    }
}
