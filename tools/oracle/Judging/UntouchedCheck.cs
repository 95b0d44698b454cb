using BlockEmu.Oracle.Images;

namespace BlockEmu.Oracle.Judging;

/// <summary>Compares what no step covers with the first content, populated ranges only.</summary>
internal static class UntouchedCheck
{
    private const int ChunkBytes = 1 << 16;

    /// <summary>Adds the blocks that changed, up to a bound; returns how many there are.</summary>
    public static long Run(JudgeCase judged, VersionMap map, WorkBudget budget, List<Violation> found, int maxFound)
    {
        long count = 0;
        long position = 0;
        for (int segment = 0; segment < map.SegmentCount; segment++)
        {
            bool isCovered = map.BaseOf(segment) != VersionMap.FirstContent || map.PendingOf(segment).Length > 0;
            if (isCovered)
            {
                count += Compare(judged, position, map.StartOf(segment), budget, found, maxFound);
                position = map.StartOf(segment + 1);
            }
        }

        return count + Compare(judged, position, judged.SizeBytes, budget, found, maxFound);
    }

    private static long Compare(
        JudgeCase judged, long position, long end, WorkBudget budget, List<Violation> found, int maxFound)
    {
        long count = 0;
        while (position < end)
        {
            Extent? a = judged.First.NextPopulated(position);
            Extent? b = judged.Platter.NextPopulated(position);
            long start = Math.Min(a?.OffsetBytes ?? end, b?.OffsetBytes ?? end);
            position = Math.Max(position, start / judged.BlockSizeBytes * judged.BlockSizeBytes);
            if (position >= end)
            {
                break;
            }

            int length = (int)Math.Min(ChunkBytes, end - position);
            budget.Spend(length / judged.BlockSizeBytes);
            count += CompareChunk(judged, position, length, found, maxFound);
            position += length;
        }

        return count;
    }

    private static long CompareChunk(JudgeCase judged, long position, int length, List<Violation> found, int maxFound)
    {
        byte[] first = new byte[length];
        byte[] now = new byte[length];
        judged.First.Read(position, first);
        judged.Platter.Read(position, now);
        if (first.AsSpan().SequenceEqual(now))
        {
            return 0;
        }

        long count = 0;
        int block = judged.BlockSizeBytes;
        for (int i = 0; i < length; i += block)
        {
            if (first.AsSpan(i, block).SequenceEqual(now.AsSpan(i, block)))
            {
                continue;
            }

            count++;
            if (found.Count < maxFound)
            {
                found.Add(new Violation(
                    ViolationKind.UntouchedChanged, position + i, null, [],
                    $"block {position + i}: changed, though no step covers it"));
            }
        }

        return count;
    }
}
