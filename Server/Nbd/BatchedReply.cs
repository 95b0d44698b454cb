using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Nbd;

/// <summary>A reply in a batch: what is counted when it leaves, and whose it is when it must be said again.</summary>
internal readonly record struct BatchedReply(
    ulong Cookie, DiskOperation? Operation, bool Succeeded, bool Fua, long Bytes)
{
    /// <summary>The request's offset: extended replies carry it.</summary>
    public ulong OffsetBytes { get; init; }
}
