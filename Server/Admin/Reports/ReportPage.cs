using System.Globalization;
using BlockEmu.Server.Admin.Problems;

namespace BlockEmu.Server.Admin.Reports;

/// <summary>Which pending commands of a report are wanted: <c>?offset=0&amp;limit=1000</c>.</summary>
internal readonly record struct ReportPage(int Offset, int Limit)
{
    public const int MaxLimit = 10_000;

    public static ReportPage First { get; } = new(0, 1000);

    public static ReportPage From(IQueryCollection query) => new(
        Read(query, "offset", First.Offset, 0, int.MaxValue),
        Read(query, "limit", First.Limit, 1, MaxLimit));

    private static int Read(IQueryCollection query, string name, int otherwise, int minimum, int maximum)
    {
        if (!query.TryGetValue(name, out Microsoft.Extensions.Primitives.StringValues text))
        {
            return otherwise;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number >= minimum && number <= maximum
            ? number
            : throw ApiException.Create(
                StatusCodes.Status400BadRequest, $"'{text}' is not a whole number from {minimum} to {maximum}", name);
    }
}
