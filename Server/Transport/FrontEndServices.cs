using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Transport;

/// <summary>What every connection of a front end shares, whatever is spoken on it.</summary>
internal sealed class FrontEndServices : IDisposable
{
    /// <summary>Kinds of errors that every front end counts.</summary>
    public const string TooManyConnections = "too_many_connections";
    public const string HandshakeTimeout = "handshake_timeout";
    public const string HandshakeCrowdedOut = "handshake_crowded_out";
    public const string Stalled = "stalled";

    public FrontEndServices() => Parking = new ParkingLot(Threads);

    /// <summary>The label <c>front_end</c> of the metrics.</summary>
    public required string Label { get; init; }

    /// <summary>The clock of deadlines.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>What clients did wrong.</summary>
    public required ProtocolErrors ProtocolErrors { get; init; }

    public required FrontEndLimits Limits
    {
        get;
        init
        {
            field = value;
            Buffers = new BufferBudget(value);
        }
    }

    /// <summary>The memory of all connections' buffers.</summary>
    public BufferBudget Buffers { get; private init; } = null!;

    public required IFrontEndLog Log { get; init; }

    /// <summary>Who works on connections.</summary>
    public ConnectionThreads Threads { get; } = new();

    /// <summary>Where connections wait that have nothing to do.</summary>
    public ParkingLot Parking { get; }

    /// <summary>A client did something wrong, of this kind.</summary>
    public void CountError(string kind) => ProtocolErrors.Count(Label, kind);

    /// <summary>After the last connection has ended.</summary>
    public void Dispose()
    {
        Parking.Dispose();
        Threads.Dispose();
    }
}
