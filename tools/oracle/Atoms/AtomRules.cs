using BlockEmu.Oracle.Images;

namespace BlockEmu.Oracle.Atoms;

/// <summary>The cut of a write-class command into atoms, block by block, as the semantics define it. Slow and obvious on
/// purpose: the disk's own cut and <see cref="AtomLayout"/> are tested against it.</summary>
public static class AtomRules
{
    /// <summary>The atoms of a block-aligned command, ascending. One list item each: not for commands of terabytes.</summary>
    public static IReadOnlyList<Extent> Cut(long offsetBytes, long lengthBytes, AtomicityPromise promise)
    {
        List<Extent> pieces = PiecesBetweenBoundaries(offsetBytes, lengthBytes, promise);
        if (pieces.Count == 1 && lengthBytes <= promise.AwupfBytes)
        {
            return pieces;
        }

        List<Extent> atoms = [];
        foreach (Extent piece in pieces)
        {
            if (promise.Mam && piece.LengthBytes <= promise.AwupfBytes)
            {
                atoms.Add(piece);
                continue;
            }

            for (long block = piece.OffsetBytes; block < piece.EndBytes; block += promise.BlockSizeBytes)
            {
                atoms.Add(new Extent(block, promise.BlockSizeBytes));
            }
        }

        return atoms;
    }

    private static List<Extent> PiecesBetweenBoundaries(long offsetBytes, long lengthBytes, AtomicityPromise promise)
    {
        List<Extent> pieces = [];
        for (long block = offsetBytes; block < offsetBytes + lengthBytes; block += promise.BlockSizeBytes)
        {
            if (pieces.Count == 0 || IsBoundary(block, promise))
            {
                pieces.Add(new Extent(block, 0));
            }

            pieces[^1] = pieces[^1] with { LengthBytes = pieces[^1].LengthBytes + promise.BlockSizeBytes };
        }

        return pieces;
    }

    private static bool IsBoundary(long block, AtomicityPromise promise) =>
        promise.NabspfBytes != 0 && (block - promise.NaboBytes) % promise.NabspfBytes == 0;
}
