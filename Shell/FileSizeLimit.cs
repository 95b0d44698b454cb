using System.Runtime.InteropServices;

namespace BlockEmu.Shell;

/// <summary>A file above the process' limit (<c>RLIMIT_FSIZE</c>) is the error of that write (<c>EFBIG</c>), not the end of the
/// program.</summary>
public static class FileSizeLimit
{
    private const PosixSignal Exceeded = (PosixSignal)25; // SIGXFSZ

    /// <summary>Until it is disposed of. A handler and not "ignored", which children would inherit.</summary>
    public static IDisposable Outlive() => PosixSignalRegistration.Create(Exceeded, static context => context.Cancel = true);
}
