namespace BlockEmu.Oracle.Images;

/// <summary>A request that is not block-aligned, seen from outside: its own bytes are known, the rest of its first and its
/// last block is whatever was visible, and matches anything.</summary>
/// <param name="range">The request's own bytes.</param>
/// <param name="payload">Its data; empty = zeroes.</param>
internal sealed class PartialContent(Extent range, ReadOnlyMemory<byte> payload) : IVersionContent
{
    public bool Matches(long offsetBytes, ReadOnlySpan<byte> block)
    {
        long from = Math.Max(offsetBytes, range.OffsetBytes);
        long end = Math.Min(offsetBytes + block.Length, range.EndBytes);
        ReadOnlySpan<byte> own = block[(int)(from - offsetBytes)..(int)(end - offsetBytes)];
        return payload.IsEmpty
            ? own.IndexOfAnyExcept((byte)0) < 0
            : payload.Span.Slice((int)(from - range.OffsetBytes), own.Length).SequenceEqual(own);
    }

    /// <remarks>Of zeroes: what the rest of a block holds came from others, which say so themselves.</remarks>
    public Extent? NextPopulated(long offsetBytes)
    {
        long from = Math.Max(offsetBytes, range.OffsetBytes);
        return payload.IsEmpty || from >= range.EndBytes ? null : new Extent(from, range.EndBytes - from);
    }
}
