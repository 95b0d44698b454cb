namespace BlockEmu.Server.Nvme;

/// <summary>Everything that subsystems and controllers log. Event ids 2100 to 2149 are theirs and never change meaning.</summary>
internal static partial class NvmeLog
{
    [LoggerMessage(2100, LogLevel.Debug, "NVMe: {Host} has controller {Controller} of {Subsystem}")]
    public static partial void Connected(ILogger logger, string host, int controller, string subsystem);

    [LoggerMessage(2101, LogLevel.Debug, "NVMe: controller {Controller} of {Subsystem} is gone: {Why}")]
    public static partial void Gone(ILogger logger, int controller, string subsystem, string why);

    [LoggerMessage(2102, LogLevel.Information, "NVMe: {Host} was silent for longer than its Keep Alive Timeout of {TimeoutMs} ms")]
    public static partial void KeepAliveExpired(ILogger logger, string host, uint timeoutMs);

    [LoggerMessage(2103, LogLevel.Warning, "NVMe: the flush of a shutdown of {Subsystem} failed: {Status}")]
    public static partial void ShutdownFailed(ILogger logger, string subsystem, Device.DiskStatus status);

    [LoggerMessage(2110, LogLevel.Information, "NVMe: power of {Disk} is off, {Count} controllers: {Behaviour}")]
    public static partial void PowerOff(ILogger logger, string disk, int count, Hosting.OffBehaviour behaviour);

    [LoggerMessage(
        2111, LogLevel.Information,
        "NVMe: {Host} was refused once: it had {Disk} when the power went, and must connect anew to know that what was cached may be lost")]
    public static partial void RefusedOnce(ILogger logger, string host, string disk);

    [LoggerMessage(2112, LogLevel.Information, "NVMe: {Host} was refused: it is not among the hosts of {Disk} (nvme-hosts)")]
    public static partial void NotAdmitted(ILogger logger, string host, string disk);

    [LoggerMessage(2121, LogLevel.Warning, "NVMe: {Disk} is for clients with TLS only, which NVMe/TCP does not have here: NVMe hosts do not see it")]
    public static partial void Hidden(ILogger logger, string disk);

    [LoggerMessage(2120, LogLevel.Warning, "NVMe: {Disk}: {Warning}")]
    public static partial void Promise(ILogger logger, string disk, string warning);
}
