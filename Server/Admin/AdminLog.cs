namespace BlockEmu.Server.Admin;

/// <summary>What the admin interface says in the log; event ids 100 to 199.</summary>
internal static partial class AdminLog
{
    [LoggerMessage(100, LogLevel.Error, "A request failed for a reason of our own")]
    public static partial void RequestFailed(ILogger logger, Exception exception);

    [LoggerMessage(101, LogLevel.Error, "A medium failed under an admin request: {Reason}")]
    public static partial void MediumFailed(ILogger logger, string reason);

    [LoggerMessage(102, LogLevel.Warning, "The answer to {Path} was broken off: {Reason}")]
    public static partial void AnswerBrokenOff(ILogger logger, string reason, string path);

    [LoggerMessage(
        104, LogLevel.Warning,
        "{Count} connections to HTTP were refused since the last such line: there are {Limit} at most, or half of that from one address, and none is idle")]
    public static partial void ConnectionsRefused(ILogger logger, int count, int limit);

    [LoggerMessage(103, LogLevel.Information, "Disk {Disk}: power cut, report {Report}, seed {Seed}, loss {Loss}")]
    public static partial void PowerCut(ILogger logger, string disk, int report, ulong seed, string loss);
}
