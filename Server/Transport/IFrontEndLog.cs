using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Transport;

/// <summary>What every front end logs of its listeners and its connections, each in its own words.</summary>
internal interface IFrontEndLog
{
    void Listening(ListenEndpoint endpoint);

    void StoppedListening(ListenEndpoint endpoint);

    void AcceptFailed(ListenEndpoint endpoint, string reason);

    /// <summary>A connection was refused: so many are open.</summary>
    void TooManyConnections(int limit);

    void Ended(long connection, SessionEnd end);

    /// <summary>A connection ended by a fault of ours.</summary>
    void Faulted(long connection, Exception fault);

    /// <summary>A connection was reset: its client stalls while others wait for the memory that it holds.</summary>
    void Evicted(long connection);
}
