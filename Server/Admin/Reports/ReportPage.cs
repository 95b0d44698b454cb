namespace BlockEmu.Server.Admin.Reports;

/// <summary>Which pending commands of a report are wanted: <c>?offset=0&amp;limit=1000</c>.</summary>
internal readonly record struct ReportPage(int Offset, int Limit)
{
    public const int MaxLimit = 10_000;

    public static ReportPage First { get; } = new(0, 1000);

    public static ReportPage From(IQueryCollection query) => new(
        (int)QueryNumber.Read(query, "offset", First.Offset, 0, int.MaxValue),
        (int)QueryNumber.Read(query, "limit", First.Limit, 1, MaxLimit));
}
