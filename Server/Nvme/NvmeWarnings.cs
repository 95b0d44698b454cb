using System.Numerics;
using BlockEmu.Device.Geometry;

namespace BlockEmu.Server.Nvme;

/// <summary>What Linux makes of a disk's promises, where that is not what one would expect. The promises are legal and are kept.</summary>
internal static class NvmeWarnings
{
    /// <summary>The largest unit that Linux shows, whatever a device promises (7.2.12).</summary>
    private const long LargestLinuxUnitBytes = 512 << 10;

    /// <summary>A sentence for each; none for most disks.</summary>
    public static IEnumerable<string> Of(DiskOptions options)
    {
        AtomicityParameters p = options.EffectiveAtomicity;
        long unit = p.EffectiveAwupfBytes;
        string name = p.NawupfBytes == 0 ? "awupf" : "nawupf";
        if (p.NaboBytes != 0)
        {
            yield return $"nabo={p.NaboBytes}: Linux shows no atomic write limits for a namespace whose first boundary is not at block 0";
        }
        else if (p.NabspfBytes != 0 && !BitOperations.IsPow2(p.NabspfBytes))
        {
            yield return $"nabspf={p.NabspfBytes}: Linux shows no atomic write limits when the boundary is no power of two";
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
