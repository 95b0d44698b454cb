using System.Runtime.CompilerServices;
using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Cache;

/// <summary>What a read returns: the newest pending version of each block, and where there is none, the platter.</summary>
internal sealed unsafe class VisibleReader(DiskGeometry geometry, WriteCache cache)
{
    /// <summary><see cref="Resolve"/>: nothing is pending there.</summary>
    public const int FromPlatter = 0;

    /// <summary><see cref="Resolve"/>: the page's zero range.</summary>
    public const int FromZeroes = -1;

    /// <summary>Fills what is pending into <paramref name="destination"/> and lists the ranges the platter has to fill, in
    /// ascending order, neighbours merged. Any alignment.</summary>
    public void Read(long offsetBytes, Span<byte> destination, List<ByteRange> gaps)
    {
        gaps.Clear();
        int done = 0;
        while (done < destination.Length)
        {
            long at = offsetBytes + done;
            long page = at / PageArena.PageBytes;
            int inPage = (int)(at % PageArena.PageBytes);
            int bytes = Math.Min(PageArena.PageBytes - inPage, destination.Length - done);
            ref PageSlot slot = ref cache.Versions.Find(page);
            if (Unsafe.IsNullRef(ref slot) && cache.Zeroes.Visible.IsEmpty)
            {
                AddGap(gaps, at, bytes);
            }
            else
            {
                ReadPage(page, ref slot, inPage, destination.Slice(done, bytes), gaps);
            }

            done += bytes;
        }
    }

    private void ReadPage(long page, ref PageSlot slot, int inPage, Span<byte> destination, List<ByteRange> gaps)
    {
        PendingCommand? zeroes = cache.Zeroes.Visible.OwnerAt(page);
        int blockBytes = geometry.BlockSizeBytes;
        int end = inPage + destination.Length;
        int done = inPage;
        while (done < end)
        {
            int block = done / blockBytes;
            int source = Resolve(page, ref slot, block, zeroes);
            int runEnd = (block + 1) * blockBytes;
            while (runEnd < end && Resolve(page, ref slot, runEnd / blockBytes, zeroes) == source)
            {
                runEnd += blockBytes;
            }

            int bytes = Math.Min(runEnd, end) - done;
            Span<byte> target = destination.Slice(done - inPage, bytes);
            if (source == FromPlatter)
            {
                AddGap(gaps, (page * PageArena.PageBytes) + done, bytes);
            }
            else if (source == FromZeroes || cache.Nodes[source].Data == 0)
            {
                target.Clear();
            }
            else
            {
                ref PendingNode node = ref cache.Nodes[source];
                new ReadOnlySpan<byte>((byte*)node.Data + done - (node.FirstBlock * blockBytes), bytes).CopyTo(target);
            }

            done += bytes;
        }
    }

    /// <summary>Where a block's visible content is: its newest node, or one of the two above.</summary>
    public int Resolve(long page, ref PageSlot slot, int block, PendingCommand? zeroes)
    {
        int node = Unsafe.IsNullRef(ref slot) ? 0 : slot.Newest[block];
        if (zeroes is null || (node != 0 && cache.Nodes[node].Owner.Sequence > zeroes.Sequence))
        {
            return node == 0 ? FromPlatter : node;
        }

        return zeroes.Zeroes!.IsClipped(page, block) ? FromPlatter : FromZeroes;
    }

    private static void AddGap(List<ByteRange> gaps, long offsetBytes, int bytes)
    {
        if (gaps.Count > 0 && gaps[^1].EndBytes == offsetBytes)
        {
            gaps[^1] = new ByteRange(gaps[^1].OffsetBytes, gaps[^1].LengthBytes + bytes);
        }
        else
        {
            gaps.Add(new ByteRange(offsetBytes, bytes));
        }
    }
}
