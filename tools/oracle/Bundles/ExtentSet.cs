using BlockEmu.Oracle.Images;

namespace BlockEmu.Oracle.Bundles;

/// <summary>Arithmetic on lists of ranges; a normal list is ascending, disjoint, and nothing adjoins.</summary>
internal static class ExtentSet
{
    /// <summary>The union, normal.</summary>
    public static List<Extent> Union(IEnumerable<Extent> extents)
    {
        List<Extent> union = [];
        foreach (Extent extent in extents.OrderBy(e => e.OffsetBytes))
        {
            if (union.Count > 0 && extent.OffsetBytes <= union[^1].EndBytes)
            {
                long end = Math.Max(extent.EndBytes, union[^1].EndBytes);
                union[^1] = new Extent(union[^1].OffsetBytes, end - union[^1].OffsetBytes);
            }
            else
            {
                union.Add(extent);
            }
        }

        return union;
    }

    /// <summary>The first range of an ascending, disjoint list that meets another; <see langword="null"/> = none.</summary>
    public static Extent? FirstMeeting(IReadOnlyList<Extent> extents, Extent other)
    {
        int low = 0;
        int high = extents.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (extents[middle].EndBytes <= other.OffsetBytes)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low < extents.Count && extents[low].OffsetBytes < other.EndBytes ? extents[low] : null;
    }

    /// <summary>What of a normal list lies outside another normal list, normal.</summary>
    public static List<Extent> Subtract(IReadOnlyList<Extent> from, IReadOnlyList<Extent> what)
    {
        List<Extent> rest = [];
        int next = 0;
        foreach (Extent extent in from)
        {
            long position = extent.OffsetBytes;
            while (next < what.Count && what[next].EndBytes <= position)
            {
                next++;
            }

            for (int i = next; i < what.Count && what[i].OffsetBytes < extent.EndBytes; i++)
            {
                Add(rest, position, what[i].OffsetBytes);
                position = what[i].EndBytes;
            }

            Add(rest, position, extent.EndBytes);
        }

        return rest;
    }

    private static void Add(List<Extent> list, long start, long end)
    {
        if (start < end)
        {
            list.Add(new Extent(start, end - start));
        }
    }
}
