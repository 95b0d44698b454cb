using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Transport;

/// <summary>What every front end logs of its listeners, its connections and its disks' power, each in its own words.</summary>
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

    /// <summary>The power of a disk is off, and its connections know it.</summary>
    void Silenced(string disk, int count, OffBehaviour behaviour, int torn);

    /// <summary>The power of a disk is on, and connections from before were reset.</summary>
    void ResetAtPowerOn(string disk, int count);
}
