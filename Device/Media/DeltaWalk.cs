using System.Numerics;
using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Media;

/// <summary>Walks the pages of a delta (not its zero ranges), all or those that may tear, in ascending order, piece by piece. For
/// <c>foreach</c>; one at a time.</summary>
internal ref struct DeltaWalk(PlatterDelta delta, DiskGeometry geometry, bool onlyTearing)
{
    private readonly ReadOnlySpan<long> _pages = delta.SortPages();
    private int _next;
    private int _block;

    public DeltaPiece Current { get; private set; }

    public readonly DeltaWalk GetEnumerator() => this;

    public bool MoveNext()
    {
        while (_next < _pages.Length)
        {
            long page = _pages[_next];
            ref readonly DeltaPage entry = ref delta.Find(page);
            while (_block < geometry.BlocksPerPage && (entry.MayTear || !onlyTearing))
            {
                int first = _block;
                int dataBlocks = CountFrom(entry.DataMask, first);
                int zeroBlocks = CountFrom(entry.ZeroMask, first);
                _block += Math.Max(1, dataBlocks + zeroBlocks);
                if (dataBlocks + zeroBlocks != 0)
                {
                    int inPage = first * geometry.BlockSizeBytes;
                    Current = new DeltaPiece(
                        (page * PageArena.PageBytes) + inPage,
                        (dataBlocks + zeroBlocks) * geometry.BlockSizeBytes,
                        dataBlocks == 0 ? 0 : entry.Data + inPage);
                    return true;
                }
            }

            _next++;
            _block = 0;
        }

        return false;
    }

    /// <summary>How many blocks from one on are in a mask.</summary>
    private static int CountFrom(byte mask, int block) => BitOperations.TrailingZeroCount(~((uint)mask >> block));
}
