namespace BlockEmu.Server.Hosting;

/// <summary>What the host says in the log; event ids 1 to 99.</summary>
internal static partial class HostLog
{
    [LoggerMessage(1, LogLevel.Error, "Disk {Disk} could not be flushed; what it had cached is lost")]
    public static partial void FlushFailed(ILogger logger, string disk);

    [LoggerMessage(3, LogLevel.Warning, "{Warning}")]
    public static partial void DiskWarning(ILogger logger, string warning);

    [LoggerMessage(2, LogLevel.Warning, "The TLS certificate of {Subject} is valid from {From} to {To} and not now; clients will refuse it")]
    public static partial void CertificateNotValid(ILogger logger, string subject, DateTime from, DateTime to);

    [LoggerMessage(
        5, LogLevel.Warning,
        "--nvme beside --tls required: NVMe/TCP has no TLS here, so its hosts read and write in plain text; a disk with the key tls is not there for them")]
    public static partial void NvmeBesideRequiredTls(ILogger logger);

    [LoggerMessage(
        4, LogLevel.Warning,
        "{Option}: {Endpoint} can be reached from other machines and has no TLS: whoever is between can read and change what passes")]
    public static partial void PlainBeyondLoopback(ILogger logger, string option, ListenEndpoint endpoint);

    [LoggerMessage(20, LogLevel.Warning, "Disk {Disk}: an atom may be torn. {Redo} was not carried out: {Why}. It is kept as {Aside}")]
    public static partial void RedoPutAside(ILogger logger, string disk, string redo, string why, string aside);

    [LoggerMessage(21, LogLevel.Warning, "Disk {Disk}: an atom may be torn. {Redo} was not carried out: {Why}")]
    public static partial void RedoNotDone(ILogger logger, string disk, string redo, string why);

    /// <summary>Says what of a killed server's was not finished; nothing when all is well.</summary>
    public static void RedoFound(ILogger logger, string disk, Device.Media.RedoFinding found)
    {
        if (found.AsidePath is { } aside)
        {
            RedoPutAside(logger, disk, found.RedoPath, found.Why, aside);
        }
        else if (found.MayBeTorn)
        {
            RedoNotDone(logger, disk, found.RedoPath, found.Why);
        }
    }
}
