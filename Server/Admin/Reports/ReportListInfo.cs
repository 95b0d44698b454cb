namespace BlockEmu.Server.Admin.Reports;

/// <summary>The newest reports (at most 256), oldest first.</summary>
public sealed record ReportListInfo(IReadOnlyList<ReportSummaryInfo> Reports);
