using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Admin.Reports;

/// <summary>A cut's report with one page of its pending commands.</summary>
public sealed record ReportInfo : ReportSummaryInfo
{
    [SetsRequiredMembers]
    internal ReportInfo(DiskControl control, CutReport report, ReportPage page)
        : base(control, report)
    {
        Atomicity = AtomicityInfo.From(report.Atomicity);
        Marks = [.. report.Marks.Select(MarkInfo.From)];
        Offset = page.Offset;
        Limit = page.Limit;
        Pending = [.. report.Pending.Skip(page.Offset).Take(page.Limit).Select(PendingInfo.From)];
    }

    /// <summary>The promises that were in force at the cut; a command accepted under others shows its own.</summary>
    [JsonPropertyOrder(1)]
    public required AtomicityInfo Atomicity { get; init; }

    /// <summary>The marks set before the cut, oldest first.</summary>
    [JsonPropertyOrder(1)]
    public required IReadOnlyList<MarkInfo> Marks { get; init; }

    /// <summary>The number of pending commands before the page.</summary>
    [JsonPropertyOrder(1)]
    public required int Offset { get; init; }

    /// <summary>How many the page may hold.</summary>
    [JsonPropertyOrder(1)]
    public required int Limit { get; init; }

    /// <summary>The page, in sequence order.</summary>
    [JsonPropertyOrder(1)]
    public required IReadOnlyList<PendingInfo> Pending { get; init; }
}

/// <summary>Promises about atomicity, bytes. The namespace's own units (<c>nawun</c> and so on) are 0 where the controller's
/// hold.</summary>
public sealed record AtomicityInfo(
    long Awun, long Awupf, long Acwu, long Nawun, long Nawupf, long Nacwu, long Nabsn, long Nabspf, long Nabo, bool Mam, bool Dn)
{
    internal static AtomicityInfo From(AtomicityParameters a) => new(
        a.AwunBytes, a.AwupfBytes, a.AcwuBytes, a.NawunBytes, a.NawupfBytes, a.NacwuBytes, a.NabsnBytes, a.NabspfBytes, a.NaboBytes,
        a.Mam, a.Dn);
}
