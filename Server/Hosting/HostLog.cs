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
}
