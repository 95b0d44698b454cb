namespace BlockEmu.Device.Cache;

/// <summary>The whole pages of a big trim or write of zeroes.</summary>
internal sealed class ZeroRange
{
    public ZeroRange(long startPage, long endPage) => Live.Add(startPage, endPage);

    /// <summary>Pages not superseded as a whole by a newer persistent zero range.</summary>
    public PageRanges Live { get; } = new();

    /// <summary>Blocks superseded by newer persistent data, as masks by page.</summary>
    public Dictionary<long, byte> Clips { get; } = [];

    public bool IsClipped(long page, int block) =>
        Clips.Count != 0 && Clips.TryGetValue(page, out byte mask) && (mask & (1 << block)) != 0;
}
