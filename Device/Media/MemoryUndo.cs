using BlockEmu.Device.Cache;

namespace BlockEmu.Device.Media;

/// <summary>The pages a delta replaced in a memory medium; they change hands by pointer.</summary>
internal sealed unsafe class MemoryUndo(MemoryMedium medium, PageArena arena, long sizeBytes) : IPlatterUndo
{
    private long[]? _populated; // those of Old that exist, sorted; made when asked for, when the undo is complete

    /// <summary>Old pages by number; 0 = there was none.</summary>
    public Dictionary<long, nint> Old { get; } = [];

    public void ReadOld(long offsetBytes, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int inPage = (int)(offsetBytes % PageArena.PageBytes);
            Span<byte> target = destination[..Math.Min(PageArena.PageBytes - inPage, destination.Length)];
            if (!Old.TryGetValue(offsetBytes / PageArena.PageBytes, out nint old))
            {
                medium.Read(offsetBytes, target);
            }
            else if (old == 0)
            {
                target.Clear();
            }
            else
            {
                new ReadOnlySpan<byte>((byte*)old + inPage, target.Length).CopyTo(target);
            }

            destination = destination[target.Length..];
            offsetBytes += target.Length;
        }
    }

    public ByteRange? NextPopulatedOld(long offsetBytes)
    {
        _populated ??= [.. Old.Where(p => p.Value != 0).Select(p => p.Key).Order()];
        int index = Array.BinarySearch(_populated, offsetBytes / PageArena.PageBytes);
        index = index < 0 ? ~index : index;
        ByteRange? unchanged = medium.NextPopulated(offsetBytes);
        if (index == _populated.Length)
        {
            return unchanged;
        }

        long start = Math.Max(_populated[index] * PageArena.PageBytes, offsetBytes);
        return unchanged is { } other && other.OffsetBytes <= start
            ? other
            : new ByteRange(start, Math.Min((_populated[index] + 1) * PageArena.PageBytes, sizeBytes) - start);
    }

    public void Restore()
    {
        foreach ((long page, nint old) in Old)
        {
            medium.Replace(page, old);
        }

        Old.Clear();
    }

    public void Dispose()
    {
        foreach (nint old in Old.Values)
        {
            if (old != 0)
            {
                arena.Return(old, PageArena.PageBytes);
            }
        }

        Old.Clear();
    }
}
