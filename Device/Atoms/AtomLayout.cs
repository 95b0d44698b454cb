using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Atoms;

/// <summary>How one write-class command becomes atoms (SEMANTICS 2): a pure function of offset, length and parameters.</summary>
/// <remarks>At most three runs of equal atoms (before, between and after boundaries), so that a layout costs the same for a
/// block and for a terabyte. Atom k of a command is the k-th range from its start.</remarks>
public readonly record struct AtomLayout
{
    private readonly AtomRun _head;
    private readonly AtomRun _middle;
    private readonly AtomRun _tail;

    private AtomLayout(AtomRun head, AtomRun middle = default, AtomRun tail = default)
    {
        _head = head;
        _middle = middle;
        _tail = tail;
    }

    /// <summary>How many atoms.</summary>
    public long Count => _head.Count + _middle.Count + _tail.Count;

    /// <summary>Cuts a command. <paramref name="offsetBytes"/> and <paramref name="lengthBytes"/> (at least one block) are
    /// multiples of <paramref name="blockSizeBytes"/>.</summary>
    public static AtomLayout Cut(long offsetBytes, long lengthBytes, AtomicityParameters parameters, int blockSizeBytes)
    {
        long endBytes = offsetBytes + lengthBytes;
        long boundaryBytes = parameters.NabspfBytes;
        long firstBoundary = boundaryBytes == 0
            ? long.MaxValue
            : NextBoundary(offsetBytes, boundaryBytes, parameters.NaboBytes);
        bool crosses = firstBoundary < endBytes;
        if (!crosses && lengthBytes <= parameters.EffectiveAwupfBytes)
        {
            return new AtomLayout(new AtomRun(offsetBytes, lengthBytes, 1));
        }

        if (!parameters.Mam || !crosses)
        {
            return new AtomLayout(new AtomRun(offsetBytes, blockSizeBytes, lengthBytes / blockSizeBytes));
        }

        long wholePieces = (endBytes - firstBoundary) / boundaryBytes;
        long tailOffset = firstBoundary + (wholePieces * boundaryBytes);
        return new AtomLayout(
            CutPieces(offsetBytes, firstBoundary - offsetBytes, 1, parameters.EffectiveAwupfBytes, blockSizeBytes),
            CutPieces(firstBoundary, boundaryBytes, wholePieces, parameters.EffectiveAwupfBytes, blockSizeBytes),
            CutPieces(tailOffset, endBytes - tailOffset, 1, parameters.EffectiveAwupfBytes, blockSizeBytes));
    }

    /// <summary>Whether an atom may lie in more than one unit of a grid; exact where the atoms of each run fit into the grid.</summary>
    public bool Crosses(int unitBytes) => Crosses(_head, unitBytes) || Crosses(_middle, unitBytes) || Crosses(_tail, unitBytes);

    /// <summary>The range of atom <paramref name="index"/>.</summary>
    public ByteRange this[long index]
    {
        get
        {
            if (index < _head.Count)
            {
                return At(_head, index);
            }

            index -= _head.Count;
            return index < _middle.Count ? At(_middle, index) : At(_tail, index - _middle.Count);
        }
    }

    /// <summary>The atom that holds the byte at <paramref name="offsetBytes"/>, which lies inside the command.</summary>
    public long IndexOf(long offsetBytes)
    {
        if (offsetBytes < _head.EndBytes)
        {
            return _head.Count == 1 ? 0 : (offsetBytes - _head.OffsetBytes) / _head.AtomBytes;
        }

        return offsetBytes < _middle.EndBytes
            ? _head.Count + ((offsetBytes - _middle.OffsetBytes) / _middle.AtomBytes)
            : _head.Count + _middle.Count + ((offsetBytes - _tail.OffsetBytes) / _tail.AtomBytes);
    }

    private static bool Crosses(AtomRun run, int unitBytes) => run.Count switch
    {
        0 => false,
        1 => run.OffsetBytes / unitBytes != (run.EndBytes - 1) / unitBytes,
        _ => unitBytes % run.AtomBytes != 0 || run.OffsetBytes % run.AtomBytes != 0,
    };

    private static ByteRange At(AtomRun run, long index) => new(run.OffsetBytes + (index * run.AtomBytes), run.AtomBytes);

    private static AtomRun CutPieces(long offsetBytes, long pieceBytes, long count, long awupfBytes, int blockSizeBytes)
    {
        if (pieceBytes == 0 || count == 0)
        {
            return default;
        }

        return pieceBytes <= awupfBytes
            ? new AtomRun(offsetBytes, pieceBytes, count)
            : new AtomRun(offsetBytes, blockSizeBytes, pieceBytes / blockSizeBytes * count);
    }

    private static long NextBoundary(long offsetBytes, long boundaryBytes, long firstBytes)
    {
        long next = offsetBytes < firstBytes
            ? firstBytes
            : firstBytes + ((((offsetBytes - firstBytes) / boundaryBytes) + 1) * boundaryBytes);
        return next < 0 ? long.MaxValue : next; // the last boundary of a disk near 2^63 would wrap
    }
}
