using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Nbd;

/// <summary>Everything the NBD front end logs. Event ids 2000 to 2099 are its own and never change meaning.</summary>
internal static partial class NbdLog
{
    [LoggerMessage(2000, LogLevel.Information, "NBD listens on {Endpoint}")]
    public static partial void Listening(ILogger logger, ListenEndpoint endpoint);

    [LoggerMessage(2001, LogLevel.Information, "NBD stopped listening on {Endpoint}")]
    public static partial void StoppedListening(ILogger logger, ListenEndpoint endpoint);

    [LoggerMessage(2002, LogLevel.Warning, "NBD could not accept on {Endpoint}: {Reason}")]
    public static partial void AcceptFailed(ILogger logger, ListenEndpoint endpoint, string reason);

    [LoggerMessage(2003, LogLevel.Warning, "NBD refused a connection: {Limit} are open")]
    public static partial void TooManyConnections(ILogger logger, int limit);

    [LoggerMessage(2010, LogLevel.Debug, "NBD connection {Connection} opened {Disk}")]
    public static partial void Opened(ILogger logger, long connection, string disk);

    [LoggerMessage(2011, LogLevel.Debug, "NBD connection {Connection} ended: {Reason}")]
    public static partial void Ended(ILogger logger, long connection, string reason);

    [LoggerMessage(2012, LogLevel.Error, "NBD connection {Connection} ended by a fault of ours")]
    public static partial void Faulted(ILogger logger, long connection, Exception fault);

    [LoggerMessage(2013, LogLevel.Debug, "NBD connection {Connection}: no TLS: {Reason}")]
    public static partial void HandshakeFailed(ILogger logger, long connection, string reason);

    [LoggerMessage(
        2014, LogLevel.Warning, "NBD connection {Connection} was reset: its client stalls while others wait for the memory that it holds")]
    public static partial void Evicted(ILogger logger, long connection);

    [LoggerMessage(
        2020, LogLevel.Information,
        "NBD: power of {Disk} is off, {Count} connections: {Behaviour}; {Torn} of them did not read their replies and were reset")]
    public static partial void Silenced(ILogger logger, string disk, int count, OffBehaviour behaviour, int torn);

    [LoggerMessage(2021, LogLevel.Information, "NBD: power of {Disk} is on, {Count} connections from before were reset")]
    public static partial void ResetAtPowerOn(ILogger logger, string disk, int count);
}
