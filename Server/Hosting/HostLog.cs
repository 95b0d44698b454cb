namespace BlockEmu.Server.Hosting;

/// <summary>What the host says in the log; event ids 1 to 99.</summary>
internal static partial class HostLog
{
    [LoggerMessage(1, LogLevel.Error, "Disk {Disk} could not be flushed; what it had cached is lost")]
    public static partial void FlushFailed(ILogger logger, string disk);

    [LoggerMessage(2, LogLevel.Warning, "The TLS certificate of {Subject} is valid from {From} to {To} and not now; clients will refuse it")]
    public static partial void CertificateNotValid(ILogger logger, string subject, DateTime from, DateTime to);

    [LoggerMessage(
        3, LogLevel.Warning,
        "--nvme beside --tls required: NVMe/TCP has no TLS here, so it serves no disk; --tls selective leaves it those without the key tls")]
    public static partial void NvmeBesideRequiredTls(ILogger logger);

    [LoggerMessage(
        4, LogLevel.Warning,
        "{Option}: {Endpoint} can be reached from other machines and has no TLS: whoever is between can read and change what passes")]
    public static partial void PlainBeyondLoopback(ILogger logger, string option, ListenEndpoint endpoint);
}
