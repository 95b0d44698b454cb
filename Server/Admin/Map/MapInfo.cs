namespace BlockEmu.Server.Admin.Map;

/// <summary>How durable the blocks of a range are.</summary>
public sealed record MapInfo
{
    public required string Disk { get; init; }

    /// <summary>Where the extents begin.</summary>
    public required long OffsetBytes { get; init; }

    /// <summary>Where to go on (<c>?offset=</c>); absent when the range asked for has ended.</summary>
    public long? NextOffsetBytes { get; init; }

    /// <summary>Ascending, without gaps; neighbours differ.</summary>
    public required IReadOnlyList<MapExtentInfo> Extents { get; init; }
}
