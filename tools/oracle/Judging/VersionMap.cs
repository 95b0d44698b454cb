namespace BlockEmu.Oracle.Judging;

/// <summary>The disk cut into segments in which the same versions lie over each other: for each, the newest required one
/// (or the first content) and the pending ones above it, newest first. What lies below a required version is superseded
/// and appears nowhere.</summary>
internal sealed class VersionMap
{
    /// <summary>In place of a version: the first content.</summary>
    public const int FirstContent = -1;

    /// <summary>A visit is remembered: dearer than a look, so that the budget bounds the memory, too.</summary>
    private const int VisitCost = 8;

    private readonly long[] _borders;
    private readonly int[] _bases;
    private readonly int[] _entryStarts;
    private readonly int[] _entries;

    private VersionMap(long[] borders, int[] bases, int[] entryStarts, int[] entries)
    {
        _borders = borders;
        _bases = bases;
        _entryStarts = entryStarts;
        _entries = entries;
    }

    /// <summary>How many segments; those that no version covers are among them.</summary>
    public int SegmentCount => _bases.Length;

    /// <summary>The first byte of a segment; of the one behind the last: the end.</summary>
    public long StartOf(int segment) => _borders[segment];

    /// <summary>The newest required version of a segment, or <see cref="FirstContent"/>.</summary>
    public int BaseOf(int segment) => _bases[segment];

    /// <summary>The pending versions above the base, newest first.</summary>
    public ReadOnlySpan<int> PendingOf(int segment) =>
        _entries.AsSpan(_entryStarts[segment].._entryStarts[segment + 1]);

    /// <summary>Visits the steps from the newest to the oldest; a required one closes the segments it covers.</summary>
    public static VersionMap Build(JudgeCase judged, WorkBudget budget)
    {
        long[] borders = BordersOf(judged.Versions);
        int count = Math.Max(0, borders.Length - 1);
        int[] bases = new int[count];
        Array.Fill(bases, FirstContent);
        int[] nextOpen = new int[count + 1];
        for (int i = 0; i <= count; i++)
        {
            nextOpen[i] = i;
        }

        List<(int Segment, int Version)> visits = [];
        for (int v = judged.Versions.Count - 1; v >= 0; v--)
        {
            Version version = judged.Versions[v];
            foreach (Images.Extent live in version.Live)
            {
                int segment = FindOpen(nextOpen, Array.BinarySearch(borders, live.OffsetBytes));
                for (; segment < count && borders[segment] < live.EndBytes; segment = FindOpen(nextOpen, segment + 1))
                {
                    budget.Spend(VisitCost);
                    if (version.IsRequired)
                    {
                        bases[segment] = v;
                        nextOpen[segment] = segment + 1;
                    }
                    else
                    {
                        visits.Add((segment, v));
                    }
                }
            }
        }

        return Sort(borders, bases, visits);
    }

    /// <summary>The first segment at or after this one that no required version has closed.</summary>
    private static int FindOpen(int[] nextOpen, int segment)
    {
        while (nextOpen[segment] != segment)
        {
            nextOpen[segment] = nextOpen[nextOpen[segment]];
            segment = nextOpen[segment];
        }

        return segment;
    }

    private static long[] BordersOf(IReadOnlyList<Version> versions)
    {
        List<long> borders = [];
        foreach (Version version in versions)
        {
            foreach (Images.Extent live in version.Live)
            {
                borders.Add(live.OffsetBytes);
                borders.Add(live.EndBytes);
            }
        }

        borders.Sort();
        int kept = 0;
        for (int i = 0; i < borders.Count; i++)
        {
            if (i == 0 || borders[i] != borders[kept - 1])
            {
                borders[kept++] = borders[i];
            }
        }

        borders.RemoveRange(kept, borders.Count - kept);
        return [.. borders];
    }

    /// <summary>Groups the visits by segment and keeps their order: newest first.</summary>
    private static VersionMap Sort(long[] borders, int[] bases, List<(int Segment, int Version)> visits)
    {
        int[] starts = new int[bases.Length + 1];
        foreach ((int segment, _) in visits)
        {
            starts[segment + 1]++;
        }

        for (int i = 1; i < starts.Length; i++)
        {
            starts[i] += starts[i - 1];
        }

        int[] entries = new int[visits.Count];
        int[] free = [.. starts];
        foreach ((int segment, int version) in visits)
        {
            entries[free[segment]++] = version;
        }

        return new VersionMap(borders, bases, starts, entries);
    }
}
