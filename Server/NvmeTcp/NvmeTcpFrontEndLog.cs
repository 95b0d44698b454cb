using BlockEmu.Server.Hosting;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>The NVMe/TCP front end's words for what every front end logs. What power does to a disk's hosts is logged by its
/// subsystem.</summary>
internal sealed class NvmeTcpFrontEndLog(ILogger logger) : IFrontEndLog
{
    public void Listening(ListenEndpoint endpoint) => NvmeTcpLog.Listening(logger, endpoint);

    public void StoppedListening(ListenEndpoint endpoint) => NvmeTcpLog.StoppedListening(logger, endpoint);

    public void AcceptFailed(ListenEndpoint endpoint, string reason) => NvmeTcpLog.AcceptFailed(logger, endpoint, reason);

    public void TooManyConnections(int limit) => NvmeTcpLog.TooManyConnections(logger, limit);

    public void Ended(long connection, SessionEnd end) => NvmeTcpLog.Ended(logger, connection, end);

    public void Faulted(long connection, Exception fault) => NvmeTcpLog.Faulted(logger, connection, fault);

    public void Evicted(long connection) => NvmeTcpLog.Evicted(logger, connection);
}
