using System.Runtime.InteropServices;

namespace BlockEmu.Protocol.Nbd;

/// <summary>Which bytes of a READ have come. Neighbours are one range, so chunks in order cost one entry, and any other order
/// a logarithm.</summary>
internal sealed class NbdCoveredRanges
{
    private readonly SortedSet<Covered> _ranges = new(Comparer<Covered>.Create(static (a, b) => a.Start.CompareTo(b.Start)));

    /// <summary>Bytes in all.</summary>
    public ulong TotalBytes { get; private set; }

    /// <summary>False, and nothing has changed, when a part of it is there already.</summary>
    /// <param name="start">First byte.</param>
    /// <param name="lengthBytes">At least 1; start + length does not wrap.</param>
    public bool TryAdd(ulong start, ulong lengthBytes)
    {
        ulong end = start + lengthBytes;
        Covered before = Last(0, start);
        Covered after = Last(start, end - 1);
        if (before.End > start || after.End != 0)
        {
            return false;
        }

        TotalBytes += lengthBytes;
        Covered behind = Last(end, end);
        if (behind.End != 0)
        {
            _ranges.Remove(behind);
            end = behind.End;
        }

        if (before.End == start && before.End != 0)
        {
            _ranges.Remove(before);
            start = before.Start;
        }

        _ranges.Add(new Covered(start, end));
        return true;
    }

    /// <summary>The last range that begins between the two, both included; an empty one when there is none.</summary>
    private Covered Last(ulong from, ulong to) => _ranges.GetViewBetween(new Covered(from, 0), new Covered(to, 0)).Max;

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Covered(ulong Start, ulong End);
}
