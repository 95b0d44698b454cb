using BlockEmu.Server.Hosting;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Nbd;

/// <summary>The NBD front end's words for what every front end logs.</summary>
internal sealed class NbdFrontEndLog(ILogger logger) : IFrontEndLog, IPowerLog
{
    public void Listening(ListenEndpoint endpoint) => NbdLog.Listening(logger, endpoint);

    public void StoppedListening(ListenEndpoint endpoint) => NbdLog.StoppedListening(logger, endpoint);

    public void AcceptFailed(ListenEndpoint endpoint, string reason) => NbdLog.AcceptFailed(logger, endpoint, reason);

    public void TooManyConnections(int limit) => NbdLog.TooManyConnections(logger, limit);

    public void Ended(long connection, SessionEnd end) => NbdLog.Ended(logger, connection, end.ToString());

    public void Faulted(long connection, Exception fault) => NbdLog.Faulted(logger, connection, fault);

    public void Evicted(long connection) => NbdLog.Evicted(logger, connection);

    public void Silenced(string disk, int count, OffBehaviour behaviour, int torn) => NbdLog.Silenced(logger, disk, count, behaviour, torn);

    public void ResetAtPowerOn(string disk, int count) => NbdLog.ResetAtPowerOn(logger, disk, count);
}
