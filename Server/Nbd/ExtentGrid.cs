using BlockEmu.Device;

namespace BlockEmu.Server.Nbd;

/// <summary>Brings extents to the grid of an export whose minimum block is larger than the disk's.</summary>
internal static class ExtentGrid
{
    /// <summary>Merges what lies in one cell of the grid: as the least durable of it, and zero only if all of it is.</summary>
    /// <param name="extents">Consecutive, the first one beginning on the grid; changed in place.</param>
    /// <param name="gridBytes">A power of two.</param>
    public static void Coarsen(List<DiskExtent> extents, long gridBytes)
    {
        DiskExtent[] fine = [.. extents];
        extents.Clear();
        foreach (DiskExtent extent in fine)
        {
            long at = extent.OffsetBytes;
            long inCell = at & (gridBytes - 1);
            if (inCell != 0)
            {
                long length = Math.Min(gridBytes - inCell, extent.LengthBytes);
                extents[^1] = Join(extents[^1], extent with { LengthBytes = length });
                at += length;
            }

            long whole = (extent.EndBytes - at) & -gridBytes;
            Add(extents, extent with { OffsetBytes = at, LengthBytes = whole });
            Add(extents, extent with { OffsetBytes = at + whole, LengthBytes = extent.EndBytes - at - whole });
        }
    }

    private static void Add(List<DiskExtent> extents, in DiskExtent extent)
    {
        if (extent.LengthBytes > 0)
        {
            extents.Add(extent);
        }
    }

    private static DiskExtent Join(in DiskExtent first, in DiskExtent second) => new(
        first.OffsetBytes,
        first.LengthBytes + second.LengthBytes,
        first.State > second.State ? first.State : second.State,
        first.ReadsAsZero && second.ReadsAsZero);
}
