using System.Runtime.CompilerServices;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Transfers;

namespace BlockEmu.Device.Cache;

/// <summary>Adds a command's versions to the pages they belong to, and to the command.</summary>
internal sealed unsafe class VersionWriter(DiskGeometry geometry, PageArena arena, PageVersions versions)
{
    /// <summary>The bytes of all of a command. Of a stock's pages the whole ones become the cache's; all else is copied.</summary>
    public void AddData(PendingCommand command, in WritePayload payload)
    {
        long start = command.OffsetBytes;
        long end = start + command.LengthBytes;
        fixed (byte* source = payload.Bytes)
        {
            byte* from = source;
            for (int page = 0; start < end; page++)
            {
                ref PendingNode entry = ref Rent(command, start, end, out int node, out int bytes);
                entry.Data = payload.Stock is null ? CopyIn(from, bytes)
                    : bytes == PageArena.PageBytes ? payload.Stock.Take(page)
                    : CopyIn((byte*)payload.Stock[page] + (start % PageArena.PageBytes), bytes);
                command.LiveBytes += bytes;
                versions.Link(node);
                from += bytes;
                start += bytes;
            }
        }

        PageCopy.Fence();
    }

    /// <summary>Zeroes for a part of a command.</summary>
    public void AddZeroes(PendingCommand command, long start, long end)
    {
        while (start < end)
        {
            Rent(command, start, end, out int node, out int bytes);
            versions.Link(node);
            start += bytes;
        }
    }

    /// <summary>A node for the part of a range that lies in its first page.</summary>
    private ref PendingNode Rent(PendingCommand command, long start, long end, out int node, out int bytes)
    {
        int blockBytes = geometry.BlockSizeBytes;
        long page = start / PageArena.PageBytes;
        long pageStart = page * PageArena.PageBytes;
        bytes = (int)(Math.Min(end, pageStart + PageArena.PageBytes) - start);
        node = versions.Nodes.Rent();
        versions.Prefetch(page); // it comes while the bytes are copied
        ref PendingNode entry = ref versions.Nodes[node];
        entry = new PendingNode { Page = page, Owner = command };
        entry.FirstBlock = (byte)((start - pageStart) / blockBytes);
        entry.BlockCount = (byte)(bytes / blockBytes);
        entry.Live = DiskGeometry.Mask(entry.FirstBlock, entry.BlockCount);
        return ref entry;
    }

    private nint CopyIn(byte* source, int bytes)
    {
        nint target = arena.Rent(bytes);
        if (bytes == PageArena.PageBytes)
        {
            PageCopy.Fill(target, source);
        }
        else
        {
            Unsafe.CopyBlockUnaligned((void*)target, source, (uint)bytes);
        }

        return target;
    }
}
