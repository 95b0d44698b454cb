using BlockEmu.Clients.Tests.Support;

namespace BlockEmu.Clients.Tests.HostFs;

/// <summary>A file system of the host's kernel, mounted for one part of a test.</summary>
internal sealed class MountedFileSystem : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private bool _isMounted;

    private MountedFileSystem()
    {
    }

    public string Path => _folder.File("mnt");

    public static async Task<MountedFileSystem> MountAsync(string kind, string device)
    {
        MountedFileSystem mounted = new();
        Directory.CreateDirectory(mounted.Path);
        ProgramRun run = await ProgramRun.StartAsync("mount", "-t", kind, device, mounted.Path);
        if (run.ExitCode != 0)
        {
            await mounted.DisposeAsync();
            bool hasKind = (await File.ReadAllTextAsync("/proc/filesystems")).Split('\n').Any(line => line.Trim('\t', ' ') == kind);
            Tool.RequireThat(hasKind, $"this kernel has no {kind}");
            Assert.Fail(run.Everything);
        }

        mounted._isMounted = true;
        return mounted;
    }

    public async Task UnmountAsync()
    {
        await ProgramRun.SucceedAsync("umount", Path);
        _isMounted = false;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isMounted && (await ProgramRun.StartAsync("umount", Path)).ExitCode != 0)
        {
            await ProgramRun.StartAsync("umount", "--lazy", Path);
        }

        _folder.Dispose();
    }
}
