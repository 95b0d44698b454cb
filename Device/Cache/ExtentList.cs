namespace BlockEmu.Device.Cache;

/// <summary>A list of consecutive extents in which neighbours differ.</summary>
internal static class ExtentList
{
    /// <summary>False when the list is full and the extent is unlike its last one.</summary>
    public static bool TryAdd(List<DiskExtent> extents, int maxExtents, in DiskExtent extent)
    {
        if (extents.Count > 0 && extents[^1] is var last && last.State == extent.State && last.ReadsAsZero == extent.ReadsAsZero)
        {
            extents[^1] = last with { LengthBytes = last.LengthBytes + extent.LengthBytes };
            return true;
        }

        if (extents.Count == maxExtents)
        {
            return false;
        }

        extents.Add(extent);
        return true;
    }
}
