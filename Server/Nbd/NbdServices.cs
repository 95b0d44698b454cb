using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Nbd;

/// <summary>What every connection of a front end shares.</summary>
internal sealed class NbdServices : IDisposable
{
    public NbdServices() => Parking = new ParkingLot(Threads);

    /// <summary>The exports.</summary>
    public required DiskRegistry Disks { get; init; }

    /// <summary>The clock of deadlines.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>What clients did wrong.</summary>
    public required ProtocolErrors ProtocolErrors { get; init; }

    public required NbdFrontEndLimits Limits
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

    public required ILogger Logger { get; init; }

    /// <summary>How TLS is done; null: not at all.</summary>
    public required NbdTls? Tls { get; init; }

    /// <summary>The connections of a disk; null once it is removed.</summary>
    public required Func<ServedDisk, DiskConnections?> Room { get; init; }

    /// <summary>Who works on connections.</summary>
    public ConnectionThreads Threads { get; } = new();

    /// <summary>Where connections wait that have nothing to do.</summary>
    public ParkingLot Parking { get; }

    /// <summary>After the last connection has ended.</summary>
    public void Dispose()
    {
        Parking.Dispose();
        Threads.Dispose();
    }
}
