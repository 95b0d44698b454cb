using System.Numerics;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Nvme;

/// <summary>A disk as a namespace: what the I/O path asks for with every command.</summary>
internal sealed class NvmeNamespace(ServedDisk served)
{
    /// <summary>NSID of a disk in its subsystem.</summary>
    public const uint OnlyId = 1;

    /// <summary>NSID for all namespaces.</summary>
    public const uint Broadcast = 0xFFFF_FFFF;

    public ServedDisk Served { get; } = served;

    public Disk Disk { get; } = served.Disk;

    public NvmeIdentity Identity { get; } = new(served.Disk.Name);

    /// <summary>LBADS: a logical block is 2^n bytes.</summary>
    public int BlockShift { get; } = BitOperations.Log2((uint)served.Disk.Options.BlockSizeBytes);

    /// <summary>NSZE.</summary>
    public ulong BlockCount { get; } = (ulong)served.Disk.SizeBytes / (uint)served.Disk.Options.BlockSizeBytes;

    /// <summary>Whether blocks lie inside; overflow-safe.</summary>
    public bool Contains(ulong startingLba, ulong blockCount) => startingLba <= BlockCount && blockCount <= BlockCount - startingLba;

    /// <summary>Whether a compare and write goes beyond what is promised for it (ACWU and the boundaries). A controller may
    /// refuse it then, and this one does: it could be torn.</summary>
    public bool ExceedsCompareAndWrite(ulong startingLba, int blockCount)
    {
        AtomicityParameters atomicity = Disk.Options.EffectiveAtomicity;
        long lengthBytes = (long)blockCount << BlockShift;
        return lengthBytes > atomicity.EffectiveAcwuBytes
            || Crosses(atomicity.NabsnBytes) || Crosses(atomicity.NabspfBytes);

        bool Crosses(long boundaryBytes)
        {
            if (boundaryBytes == 0)
            {
                return false;
            }

            // Boundaries lie at NABO + n x size; what is below the first belongs to a piece of its own.
            Int128 first = ((Int128)startingLba << BlockShift) - atomicity.NaboBytes;
            Int128 last = first + lengthBytes - 1;
            return Piece(first) != Piece(last);

            Int128 Piece(Int128 at) => at < 0 ? -1 : at / boundaryBytes;
        }
    }
}
