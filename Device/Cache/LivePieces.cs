using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Cache;

/// <summary>Lists the live parts of a pending command in ascending order.</summary>
internal static class LivePieces
{
    /// <summary>Replaces the content of <paramref name="pieces"/>.</summary>
    public static void Collect(PendingCommand command, WriteCache cache, DiskGeometry geometry, List<LivePiece> pieces)
    {
        pieces.Clear();
        long zeroStart = command.Zeroes is { Live.Count: > 0 } ? command.Zeroes.Live.AsSpan()[0].Start : long.MaxValue;
        bool zeroesListed = command.Zeroes is null;
        for (int node = command.FirstNode; node != 0; node = cache.Nodes[node].NextInCommand)
        {
            ref PendingNode entry = ref cache.Nodes[node];
            if (!zeroesListed && entry.Page >= zeroStart)
            {
                AddZeroes(command.Zeroes!, geometry, pieces);
                zeroesListed = true;
            }

            AddNode(in entry, geometry, pieces);
        }

        if (!zeroesListed)
        {
            AddZeroes(command.Zeroes!, geometry, pieces);
        }
    }

    private static void AddNode(ref readonly PendingNode node, DiskGeometry geometry, List<LivePiece> pieces)
    {
        int blockBytes = geometry.BlockSizeBytes;
        long pageStart = node.Page * PageArena.PageBytes;
        int block = node.FirstBlock;
        int end = node.FirstBlock + node.BlockCount;
        while (block < end)
        {
            if ((node.Live & (1 << block)) == 0)
            {
                block++;
                continue;
            }

            int first = block;
            while (block < end && (node.Live & (1 << block)) != 0)
            {
                block++;
            }

            nint data = node.Data == 0 ? 0 : node.Data + ((first - node.FirstBlock) * blockBytes);
            pieces.Add(new LivePiece(pageStart + ((long)first * blockBytes), (long)(block - first) * blockBytes, data));
        }
    }

    private static void AddZeroes(ZeroRange zeroes, DiskGeometry geometry, List<LivePiece> pieces)
    {
        long[] clipped = [.. zeroes.Clips.Keys];
        Array.Sort(clipped);
        int next = 0;
        foreach (PageRange range in zeroes.Live.AsSpan())
        {
            long start = range.Start;
            while (next < clipped.Length && clipped[next] < range.Start)
            {
                next++;
            }

            for (; next < clipped.Length && clipped[next] < range.End; next++)
            {
                AddRange(start, clipped[next], geometry, pieces);
                AddUnclipped(clipped[next], zeroes.Clips[clipped[next]], geometry, pieces);
                start = clipped[next] + 1;
            }

            AddRange(start, range.End, geometry, pieces);
        }
    }

    private static void AddRange(long startPage, long endPage, DiskGeometry geometry, List<LivePiece> pieces)
    {
        long start = startPage * PageArena.PageBytes;
        long end = Math.Min(endPage * PageArena.PageBytes, geometry.SizeBytes);
        if (start < end)
        {
            pieces.Add(new LivePiece(start, end - start, 0));
        }
    }

    private static void AddUnclipped(long page, byte clip, DiskGeometry geometry, List<LivePiece> pieces)
    {
        for (int block = 0; block < geometry.BlocksPerPage; block++)
        {
            long offset = (page * PageArena.PageBytes) + ((long)block * geometry.BlockSizeBytes);
            if ((clip & (1 << block)) == 0 && offset < geometry.SizeBytes)
            {
                pieces.Add(new LivePiece(offset, geometry.BlockSizeBytes, 0));
            }
        }
    }
}
