using BlockEmu.Server.Hosting;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>Everything that the NVMe/TCP front end logs of its connections. Event ids 2150 to 2199 are its own and never change
/// meaning.</summary>
internal static partial class NvmeTcpLog
{
    [LoggerMessage(2150, LogLevel.Information, "NVMe/TCP listens on {Endpoint}")]
    public static partial void Listening(ILogger logger, ListenEndpoint endpoint);

    [LoggerMessage(2151, LogLevel.Information, "NVMe/TCP stopped listening on {Endpoint}")]
    public static partial void StoppedListening(ILogger logger, ListenEndpoint endpoint);

    [LoggerMessage(2152, LogLevel.Warning, "NVMe/TCP could not accept on {Endpoint}: {Reason}")]
    public static partial void AcceptFailed(ILogger logger, ListenEndpoint endpoint, string reason);

    [LoggerMessage(2153, LogLevel.Warning, "NVMe/TCP refused a connection: {Limit} are open")]
    public static partial void TooManyConnections(ILogger logger, int limit);

    [LoggerMessage(2160, LogLevel.Debug, "NVMe/TCP connection {Connection} is queue {Queue} of controller {Controller}, {Subsystem}")]
    public static partial void Opened(ILogger logger, long connection, int queue, int controller, string subsystem);

    [LoggerMessage(2161, LogLevel.Debug, "NVMe/TCP connection {Connection} ended: {Reason}")]
    public static partial void Ended(ILogger logger, long connection, SessionEnd reason);

    [LoggerMessage(2162, LogLevel.Error, "NVMe/TCP connection {Connection} ended by a fault of ours")]
    public static partial void Faulted(ILogger logger, long connection, Exception fault);

    [LoggerMessage(
        2163, LogLevel.Warning, "NVMe/TCP connection {Connection} was reset: its host stalls while others wait for the memory that it holds")]
    public static partial void Evicted(ILogger logger, long connection);

    [LoggerMessage(2164, LogLevel.Information, "NVMe/TCP connection {Connection}: Connect to {Subsystem} was refused with {Status}")]
    public static partial void Refused(ILogger logger, long connection, string subsystem, Protocol.Nvme.NvmeStatus status);
}
