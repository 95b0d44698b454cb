using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Hosting;

/// <summary>A disk with what only its front ends know of it: limits, behaviour while off, counters.</summary>
public sealed class ServedDisk(Disk disk)
{
    private volatile OffBehaviour _offBehaviour;

    public Disk Disk { get; } = disk;

    /// <summary>NBD minimum block size, bytes (power of two, 1 to 65,536); requests off this grid get NBD_EINVAL.</summary>
    public int NbdMinimumBlockBytes { get; init; } = 1;

    /// <summary>NBD maximum payload, bytes (1 MiB to 64 MiB).</summary>
    public int NbdMaximumPayloadBytes { get; init; } = 64 << 20;

    /// <summary>What NVMe hosts are told of sizes that it likes.</summary>
    public NvmePreferences NvmePreferences { get; init; }

    /// <summary>Whether clients hear that it turns (<c>NBD_FLAG_ROTATIONAL</c>): Linux queues and reads ahead otherwise then.
    /// The disk itself is no slower.</summary>
    public bool IsRotational { get; init; }

    /// <summary>The fault of a size that clients who keep to the minimum block could not reach the end of.</summary>
    public static string OffGrid(long sizeBytes, int minimumBlockBytes) =>
        $"the size, {sizeBytes}, is not a multiple of {minimumBlockBytes}";

    /// <summary>Does not exist for a client without TLS.</summary>
    public bool IsTlsOnly { get; init; }

    /// <summary>NVMe/TCP has no TLS here: a disk that must not be had without it is not there for NVMe hosts.</summary>
    public bool IsHiddenFromNvme { get; init; }

    /// <summary>The NQNs of the NVMe hosts that may connect; null = any.</summary>
    public IReadOnlyList<string>? NvmeHosts { get; init; }

    /// <summary>Whether an NVMe host may know of it.</summary>
    public bool AdmitsNvmeHost(string hostNqn) => NvmeHosts is null || NvmeHosts.Contains(hostNqn, StringComparer.Ordinal);

    /// <summary>Set before the power goes; read by every connection of the disk.</summary>
    public OffBehaviour OffBehaviour
    {
        get => _offBehaviour;
        set => _offBehaviour = value;
    }

    public DiskMeter Meter { get; } = new();

    /// <summary>Raised after the disk's options have changed, on the thread that changed them.</summary>
    public event Action? Changed;

    /// <summary><see cref="Device.Disk.Change"/>, and front ends hear of it.</summary>
    public void Change(Func<DiskOptions, DiskOptions> change)
    {
        DiskOptions before = Disk.Options;
        Disk.Change(change);
        if (Disk.Options != before)
        {
            Changed?.Invoke();
        }
    }
}
