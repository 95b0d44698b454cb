using BlockEmu.Oracle.Images;

namespace BlockEmu.Oracle.Atoms;

/// <summary>The same cut as <see cref="AtomRules"/>, without a list: a command is at most three sections (before the first
/// boundary, between boundaries, after the last one), each cut evenly. Costs nothing for a trim of terabytes.</summary>
public sealed class AtomLayout
{
    private readonly Section[] _sections;

    private AtomLayout(Section[] sections) => _sections = sections;

    private readonly record struct Section(long Start, long End, long Unit, long FirstIndex)
    {
        public long Count => (End - Start) / Unit;
    }

    /// <summary>How many atoms.</summary>
    public long Count => _sections.Length == 0 ? 0 : _sections[^1].FirstIndex + _sections[^1].Count;

    /// <summary>Cuts a block-aligned command.</summary>
    public static AtomLayout For(long offsetBytes, long lengthBytes, AtomicityPromise promise)
    {
        if (lengthBytes == 0)
        {
            return new AtomLayout([]);
        }

        long end = offsetBytes + lengthBytes;
        long firstBoundary = FirstBoundaryAfter(offsetBytes, promise);
        bool isCrossing = firstBoundary < end;
        if (!isCrossing || !promise.Mam)
        {
            long unit = !isCrossing && lengthBytes <= promise.AwupfBytes ? lengthBytes : promise.BlockSizeBytes;
            return new AtomLayout([new Section(offsetBytes, end, unit, 0)]);
        }

        long lastBoundary = firstBoundary + ((end - 1 - firstBoundary) / promise.NabspfBytes * promise.NabspfBytes);
        List<Section> sections = [];
        Add(sections, offsetBytes, firstBoundary, firstBoundary - offsetBytes, promise);
        Add(sections, firstBoundary, lastBoundary, promise.NabspfBytes, promise);
        Add(sections, lastBoundary, end, end - lastBoundary, promise);
        return new AtomLayout([.. sections]);
    }

    /// <summary>The atom that holds an offset of the command.</summary>
    public long IndexOf(long offsetBytes)
    {
        Section section = _sections[0];
        for (int i = 1; i < _sections.Length && _sections[i].Start <= offsetBytes; i++)
        {
            section = _sections[i];
        }

        return section.FirstIndex + ((offsetBytes - section.Start) / section.Unit);
    }

    /// <summary>Where an atom lies.</summary>
    public Extent RangeOf(long index)
    {
        Section section = _sections[0];
        for (int i = 1; i < _sections.Length && _sections[i].FirstIndex <= index; i++)
        {
            section = _sections[i];
        }

        return new Extent(section.Start + ((index - section.FirstIndex) * section.Unit), section.Unit);
    }

    private static void Add(List<Section> sections, long start, long end, long pieceBytes, AtomicityPromise promise)
    {
        if (start < end)
        {
            long firstIndex = sections.Count == 0 ? 0 : sections[^1].FirstIndex + sections[^1].Count;
            long unit = pieceBytes <= promise.AwupfBytes ? pieceBytes : promise.BlockSizeBytes;
            sections.Add(new Section(start, end, unit, firstIndex));
        }
    }

    /// <summary>The first boundary above an offset; <see cref="long.MaxValue"/> when there is none.</summary>
    private static long FirstBoundaryAfter(long offsetBytes, AtomicityPromise promise)
    {
        if (promise.NabspfBytes == 0)
        {
            return long.MaxValue;
        }

        if (offsetBytes < promise.NaboBytes)
        {
            return promise.NaboBytes;
        }

        long within = (offsetBytes - promise.NaboBytes) % promise.NabspfBytes;
        long step = promise.NabspfBytes - within;
        return offsetBytes > long.MaxValue - step ? long.MaxValue : offsetBytes + step;
    }
}
