using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Nbd;

/// <summary>What every connection of a front end shares.</summary>
/// <param name="Disks">The exports.</param>
/// <param name="Time">The clock of deadlines.</param>
/// <param name="ProtocolErrors">What clients did wrong.</param>
/// <param name="Limits">The front end's limits.</param>
/// <param name="Logger">The front end's log.</param>
/// <param name="Room">The connections of a disk.</param>
internal sealed record NbdServices(
    DiskRegistry Disks, TimeProvider Time, ProtocolErrors ProtocolErrors, NbdFrontEndLimits Limits, ILogger Logger,
    Func<ServedDisk, DiskConnections> Room);
