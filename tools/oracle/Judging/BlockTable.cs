using BlockEmu.Oracle.Images;

namespace BlockEmu.Oracle.Judging;

/// <summary>The blocks worth looking at: covered by a step, and not zero in the platter and in every version. (A block that
/// is zero whatever survived constrains nothing, which is how a trim of terabytes stays cheap.) Ascending.</summary>
internal sealed class BlockTable
{
    private readonly List<long> _offsets = [];
    private readonly List<int> _segments = [];
    private readonly JudgeCase _judged;
    private readonly VersionMap _map;
    private readonly ImageContent _first;
    private readonly byte[] _platterBlock;
    private int _platterBlockIs = -1;

    private BlockTable(JudgeCase judged, VersionMap map)
    {
        _judged = judged;
        _map = map;
        _first = new ImageContent(judged.First, judged.BlockSizeBytes);
        _platterBlock = new byte[judged.BlockSizeBytes];
    }

    public int Count => _offsets.Count;

    public long OffsetOf(int block) => _offsets[block];

    /// <summary>The newest required version, or <see cref="VersionMap.FirstContent"/>.</summary>
    public int BaseOf(int block) => _map.BaseOf(_segments[block]);

    /// <summary>The pending versions above it, newest first.</summary>
    public ReadOnlySpan<int> PendingOf(int block) => _map.PendingOf(_segments[block]);

    /// <summary>Whether the platter shows a version (or the first content) in a block.</summary>
    public bool Shows(int block, int version)
    {
        ReadOnlySpan<byte> shown = PlatterBlock(block);
        return version == VersionMap.FirstContent
            ? _first.Matches(_offsets[block], shown)
            : _judged.Versions[version].Content.Matches(_offsets[block], shown);
    }

    /// <summary>The first block at or after an offset, as an index.</summary>
    public int IndexAtOrAfter(long offsetBytes)
    {
        int i = _offsets.BinarySearch(offsetBytes);
        return i >= 0 ? i : ~i;
    }

    public static BlockTable Build(JudgeCase judged, VersionMap map, WorkBudget budget)
    {
        BlockTable table = new(judged, map);
        for (int segment = 0; segment < map.SegmentCount; segment++)
        {
            if (map.BaseOf(segment) != VersionMap.FirstContent || map.PendingOf(segment).Length > 0)
            {
                table.AddSegment(segment, budget);
            }
        }

        return table;
    }

    private void AddSegment(int segment, WorkBudget budget)
    {
        long position = _map.StartOf(segment);
        long end = _map.StartOf(segment + 1);
        while (position < end)
        {
            Extent? next = NextInteresting(segment, position, budget);
            if (next is not { } found || found.OffsetBytes >= end)
            {
                return;
            }

            int block = _judged.BlockSizeBytes;
            position = Math.Max(position, found.OffsetBytes / block * block);
            long stop = Math.Min(end, found.EndBytes);
            for (; position < stop; position += block)
            {
                budget.Spend(1);
                _offsets.Add(position);
                _segments.Add(segment);
            }
        }
    }

    /// <summary>The first range that the platter or any version of the segment may populate.</summary>
    private Extent? NextInteresting(int segment, long position, WorkBudget budget)
    {
        Extent? nearest = _judged.Platter.NextPopulated(position);
        int lowest = _map.BaseOf(segment);
        nearest = Nearest(
            nearest, position,
            lowest == VersionMap.FirstContent ? _first : _judged.Versions[lowest].Content);
        foreach (int version in _map.PendingOf(segment))
        {
            if (nearest is { } found && found.OffsetBytes <= position)
            {
                break;
            }

            budget.Spend(1);
            nearest = Nearest(nearest, position, _judged.Versions[version].Content);
        }

        return nearest;
    }

    private static Extent? Nearest(Extent? known, long position, IVersionContent content) =>
        known is { } k && k.OffsetBytes <= position ? known
        : content.NextPopulated(position) is { } other && (known is not { } n || other.OffsetBytes < n.OffsetBytes) ? other
        : known;

    private ReadOnlySpan<byte> PlatterBlock(int block)
    {
        if (_platterBlockIs != block)
        {
            _judged.Platter.Read(_offsets[block], _platterBlock);
            _platterBlockIs = block;
        }

        return _platterBlock;
    }
}
