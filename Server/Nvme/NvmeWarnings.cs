using System.Numerics;
using BlockEmu.Device.Geometry;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Nvme;

/// <summary>What Linux makes of a disk's promises, where that is not what one would expect. The promises are legal and are kept.</summary>
internal static class NvmeWarnings
{
    /// <summary>The largest unit that Linux shows, whatever a device promises (7.2.12).</summary>
    private const long LargestLinuxUnitBytes = 512 << 10;

    /// <summary>A sentence for each; none for most disks.</summary>
    public static IEnumerable<string> Of(ServedDisk disk)
    {
        if (disk.IsHiddenFromNvme)
        {
            yield return "tls: NVMe/TCP has no TLS here, so NVMe hosts neither see the disk nor can connect to it";
        }

        AtomicityParameters p = disk.Disk.Options.EffectiveAtomicity;
        (long granularity, long ioBoundary) = disk.NvmePreferences;
        long unit = p.EffectiveAwupfBytes;
        string name = p.NawupfBytes == 0 ? "awupf" : "nawupf";
        if (granularity > unit && !BitOperations.IsPow2(unit))
        {
            yield return $"npwg={granularity}: Linux does not take a namespace whose preferred size is larger than a unit that is no power of two, "
                + $"{name}={unit} ('Invalid physical block size')";
        }
        else if (p.NaboBytes != 0)
        {
            yield return $"nabo={p.NaboBytes}: Linux shows no atomic write limits for a namespace whose first boundary is not at block 0";
        }
        else if (p.NabspfBytes != 0 && !BitOperations.IsPow2(p.NabspfBytes))
        {
            yield return $"nabspf={p.NabspfBytes}: Linux shows no atomic write limits when the boundary is no power of two";
        }
        else if (ioBoundary != 0 && ioBoundary < unit && BitOperations.IsPow2(ioBoundary))
        {
            yield return $"noiob={ioBoundary}: Linux warns and shows no atomic write limits when the I/O boundary is smaller than the unit, {name}={unit}";
        }
        else if (!BitOperations.IsPow2(unit))
        {
            yield return $"{name}={unit}: Linux counts in powers of two, and shows {1L << BitOperations.Log2((ulong)unit)}";
        }
        else if (unit > LargestLinuxUnitBytes)
        {
            yield return $"{name}={unit}: Linux shows at most {LargestLinuxUnitBytes}, and moves at most {NvmeLimits.MaxTransferBytes} bytes in a command here";
        }
    }
}
