using System.Runtime.CompilerServices;
using BlockEmu.Device;
using BlockEmu.Server.Nvme;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>What every NVMe/TCP connection shares.</summary>
internal sealed class NvmeTcpServices
{
    private readonly ConditionalWeakTable<Disk, UnreadableBlocks> _unreadable = [];

    public required FrontEndServices Transport { get; init; }

    /// <summary>What hosts can connect to.</summary>
    public required NvmeTarget Target { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>What Write Uncorrectable has marked on a disk.</summary>
    public UnreadableBlocks UnreadableOf(Disk disk) => _unreadable.GetOrCreateValue(disk);
}
