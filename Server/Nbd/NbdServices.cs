using BlockEmu.Server.Hosting;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Nbd;

/// <summary>What every NBD connection shares.</summary>
internal sealed class NbdServices
{
    public required FrontEndServices Transport { get; init; }

    /// <summary>The exports.</summary>
    public required DiskRegistry Disks { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>How TLS is done; null: not at all.</summary>
    public required NbdTls? Tls { get; init; }

    /// <summary>The connections of a disk; null once it is removed.</summary>
    public required Func<ServedDisk, DiskConnections?> Room { get; init; }
}
