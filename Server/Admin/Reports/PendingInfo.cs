using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Server.Admin.Bundles;

namespace BlockEmu.Server.Admin.Reports;

/// <summary>What a cut did to one pending command.</summary>
public sealed record PendingInfo
{
    public required long Sequence { get; init; }

    /// <summary><c>write</c>, <c>write-zeroes</c>, <c>trim</c>.</summary>
    public required string Kind { get; init; }

    public required long OffsetBytes { get; init; }

    public required long LengthBytes { get; init; }

    public required bool IsAcknowledged { get; init; }

    public required bool IsFua { get; init; }

    public required long AtomCount { get; init; }

    /// <summary>The promises it was accepted under, where they are others than the report's.</summary>
    public AtomicityInfo? Atomicity { get; init; }

    /// <summary><c>kept</c>, <c>lost</c>, <c>torn</c>, <c>superseded</c>.</summary>
    public required string Outcome { get; init; }

    public required IReadOnlyList<RangeInfo> Kept { get; init; }

    public required IReadOnlyList<RangeInfo> Lost { get; init; }

    public required IReadOnlyList<RangeInfo> Superseded { get; init; }

    /// <summary>How many ranges the three lists leave out (each holds at most 64).</summary>
    public required int RangesOmitted { get; init; }

    internal static PendingInfo From(PendingEntry entry) => new()
    {
        Sequence = entry.Sequence,
        Kind = BundleManifest.NameOf(entry.Kind),
        OffsetBytes = entry.OffsetBytes,
        LengthBytes = entry.LengthBytes,
        IsAcknowledged = entry.IsAcknowledged,
        IsFua = entry.IsFua,
        AtomCount = entry.AtomCount,
        Atomicity = entry.Atomicity is null ? null : AtomicityInfo.From(entry.Atomicity),
        Outcome = BundleManifest.NameOf(entry.Outcome),
        Kept = ToRanges(entry.Kept),
        Lost = ToRanges(entry.Lost),
        Superseded = ToRanges(entry.Superseded),
        RangesOmitted = entry.RangesOmitted,
    };

    private static RangeInfo[] ToRanges(IReadOnlyList<ByteRange> ranges) =>
        [.. ranges.Select(r => new RangeInfo(r.OffsetBytes, r.LengthBytes))];
}

/// <summary>A range of the disk.</summary>
public sealed record RangeInfo(long OffsetBytes, long LengthBytes);
