namespace BlockEmu.Cli.Probe;

/// <summary>Tallies by size, ascending, and what they say of the unit that is never torn.</summary>
internal sealed class TearTable
{
    /// <summary>Fewer observations of a size prove nothing of it.</summary>
    private const int EnoughTries = 8;

    /// <summary>One tear that happens to cross a boundary names none.</summary>
    private const int EnoughTears = 4;

    private const long LargestBoundaryBytes = 1 << 24;

    /// <param name="smallestBytes">The smallest write: a power of two.</param>
    /// <param name="largestBytes">No write is larger.</param>
    public TearTable(int smallestBytes, int largestBytes)
    {
        List<TearTally> sizes = [];
        for (int bytes = smallestBytes; bytes <= largestBytes; bytes *= 2)
        {
            sizes.Add(new TearTally(bytes));
        }

        Sizes = sizes;
    }

    public IReadOnlyList<TearTally> Sizes { get; }

    public long Tries => Sizes.Sum(static s => s.Tries);

    public long Torn => Sizes.Sum(static s => s.Torn);

    /// <summary>The largest write never seen torn, nor any smaller one, wherever it lay; 0 = even the smallest was torn.</summary>
    public long UnitBytes => UnitWithin(long.MaxValue);

    /// <summary>Where larger writes are whole as long as they cross no multiple of some power of two: that, and the largest of
    /// them; else zeroes.</summary>
    public (long BoundaryBytes, long UnitBytes) Boundary
    {
        get
        {
            (long Boundary, long Unit) best = (0, UnitBytes);
            for (long boundary = LargestBoundaryBytes; boundary >= Sizes[0].WriteBytes; boundary /= 2)
            {
                long unit = UnitWithin(boundary);
                best = unit > best.Unit && TornUpTo(unit) >= EnoughTears ? (boundary, unit) : best;
            }

            return best.Boundary == 0 ? (0, 0) : best;
        }
    }

    private long TornUpTo(long unitBytes) => Sizes.Where(s => s.WriteBytes <= unitBytes).Sum(static s => s.Torn);

    private long UnitWithin(long boundaryBytes)
    {
        long unit = 0;
        foreach (TearTally size in Sizes)
        {
            (long tries, long torn) = boundaryBytes == long.MaxValue ? (size.Tries, size.Torn) : size.Inside(boundaryBytes);
            if (torn > 0 || tries < EnoughTries || size.WriteBytes > boundaryBytes)
            {
                break;
            }

            unit = size.WriteBytes;
        }

        return unit;
    }
}
