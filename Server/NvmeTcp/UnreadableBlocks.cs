namespace BlockEmu.Server.NvmeTcp;

/// <summary>The blocks of a disk that Write Uncorrectable marked and no write over NVMe has touched since.</summary>
/// <remarks>The mark is the front end's, not the medium's: other front ends read the blocks as they are, and do not lift it. It is
/// there from the command's completion on; no power cut takes it or brings it back; it is gone with the server.</remarks>
internal sealed class UnreadableBlocks
{
    /// <summary>Marks are kept for pieces of so many blocks.</summary>
    private const int PieceBlocks = 4096;

    /// <summary>For so many pieces at most, in about 8 MiB; a mark that would need more is refused.</summary>
    private const int MaxPieces = 16384;

    private const int WordBits = 64;

    // Protects the pieces; taken by reads and writes only while there are some.
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, ulong[]> _pieces = [];
    private volatile bool _isEmpty = true;

    /// <summary>Whether there is none at all: all that a command asks on most disks.</summary>
    public bool IsEmpty => _isEmpty;

    /// <summary>Whether a range holds any.</summary>
    public bool Overlaps(ulong startingLba, ulong blockCount)
    {
        lock (_gate)
        {
            for (ulong lba = startingLba; lba < startingLba + blockCount; lba++)
            {
                ulong[]? piece = _pieces.GetValueOrDefault(lba / PieceBlocks);
                if (piece is null)
                {
                    lba |= PieceBlocks - 1;
                }
                else if ((piece[lba % PieceBlocks / WordBits] >> (int)(lba % WordBits) & 1) != 0)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Marks a range; false, and nothing was marked, when there are too many.</summary>
    public bool TryMark(ulong startingLba, ulong blockCount)
    {
        ulong firstPiece = startingLba / PieceBlocks;
        ulong lastPiece = (startingLba + blockCount - 1) / PieceBlocks;
        lock (_gate)
        {
            if (_pieces.Count + (int)(lastPiece - firstPiece) + 1 > MaxPieces)
            {
                return false;
            }

            for (ulong lba = startingLba; lba < startingLba + blockCount; lba++)
            {
                if (!_pieces.TryGetValue(lba / PieceBlocks, out ulong[]? piece))
                {
                    _pieces[lba / PieceBlocks] = piece = new ulong[PieceBlocks / WordBits];
                }

                piece[lba % PieceBlocks / WordBits] |= 1ul << (int)(lba % WordBits);
            }

            _isEmpty = false;
            return true;
        }
    }

    /// <summary>A range was written: its blocks can be read again.</summary>
    public void Clear(ulong startingLba, ulong blockCount)
    {
        lock (_gate)
        {
            for (ulong lba = startingLba; lba < startingLba + blockCount; lba++)
            {
                if (!_pieces.TryGetValue(lba / PieceBlocks, out ulong[]? piece))
                {
                    lba |= PieceBlocks - 1;
                    continue;
                }

                piece[lba % PieceBlocks / WordBits] &= ~(1ul << (int)(lba % WordBits));
                if (!piece.AsSpan().ContainsAnyExcept(0ul))
                {
                    _pieces.Remove(lba / PieceBlocks);
                }
            }

            _isEmpty = _pieces.Count == 0;
        }
    }
}
