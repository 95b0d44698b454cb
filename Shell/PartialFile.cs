using System.Runtime.InteropServices;

namespace BlockEmu.Shell;

/// <summary>A file that takes another's place when it is whole. It goes with its object, and with the process where a signal ends
/// that.</summary>
internal sealed class PartialFile : IDisposable
{
    private static readonly PosixSignal[] s_endings = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT];

    private readonly string _path;
    private readonly FileKind? _old;
    private readonly List<PosixSignalRegistration> _registrations = [];

    private PartialFile(string path, FileStream stream, FileKind? old)
    {
        _path = path;
        _old = old;
        Stream = stream;
        foreach (PosixSignal signal in s_endings)
        {
            if (!SignalMasks.Read().IsIgnored(signal))
            {
                // It takes its default course afterwards.
                _registrations.Add(PosixSignalRegistration.Create(signal, _ => File.Delete(path)));
            }
        }
    }

    /// <summary>Open for reading and writing.</summary>
    public FileStream Stream { get; }

    /// <summary>Beside <paramref name="target"/>, with the mode and owner of what is there. Null where its folder takes no file, if
    /// there is something to overwrite.</summary>
    public static PartialFile? TryCreate(string target, FileKind? old)
    {
        // Of fixed length: a name beside a long name must not be too long.
        string path = Path.Combine(Path.GetDirectoryName(target) ?? "/", $".blockemu-{Guid.NewGuid():N}.part");
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.Read };
        if (old is not null && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            return new PartialFile(path, new FileStream(path, options), old);
        }
        catch (Exception e) when (old is not null && e is UnauthorizedAccessException or IOException && FileKind.Of(target) is not null)
        {
            return null;
        }
    }

    /// <summary>Takes the place of <paramref name="target"/>; false when that cannot be replaced.</summary>
    public bool TryMove(string target)
    {
        if (_old is { } old && !OperatingSystem.IsWindows())
        {
            // The owner first: a change of owner takes set-user-ID away. Only root may give files away, and it need not be.
            _ = LibC.ChangeOwner(_path, old.User, old.Group);
            File.SetUnixFileMode(_path, old.Permissions);
        }

        try
        {
            File.Move(_path, target, overwrite: true);
            return true;
        }
        catch (IOException) when (_old is not null)
        {
            return false;
        }
    }

    public void Dispose()
    {
        Stream.Dispose();
        File.Delete(_path);
        _registrations.ForEach(static r => r.Dispose());
    }
}
