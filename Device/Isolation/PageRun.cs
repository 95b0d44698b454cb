namespace BlockEmu.Device.Isolation;

/// <summary>Pages from a first to one before the end.</summary>
internal readonly record struct PageRun(long Start, long End)
{
    /// <summary>The pages that bytes touch.</summary>
    public static PageRun Of(ByteRange range) => new(
        range.OffsetBytes / IsolationRule.PageBytes,
        (range.EndBytes + IsolationRule.PageBytes - 1) / IsolationRule.PageBytes);
}
