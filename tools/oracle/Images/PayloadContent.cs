namespace BlockEmu.Oracle.Images;

/// <summary>The payload of one Write.</summary>
internal sealed class PayloadContent(long startBytes, ReadOnlyMemory<byte> payload) : IVersionContent
{
    public bool Matches(long offsetBytes, ReadOnlySpan<byte> block) =>
        payload.Span.Slice((int)(offsetBytes - startBytes), block.Length).SequenceEqual(block);

    public Extent? NextPopulated(long offsetBytes)
    {
        long from = Math.Max(offsetBytes, startBytes);
        long end = startBytes + payload.Length;
        return from < end ? new Extent(from, end - from) : null;
    }
}
