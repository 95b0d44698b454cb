using System.Globalization;
using BlockEmu.Server.Admin.Problems;

namespace BlockEmu.Server.Admin;

/// <summary>Reads whole numbers of a query string.</summary>
internal static class QueryNumber
{
    /// <summary>The parameter, or <paramref name="otherwise"/> when it is not there. What is not a number within the bounds is a
    /// problem that names it.</summary>
    public static long Read(IQueryCollection query, string name, long otherwise, long minimum, long maximum)
    {
        if (!query.TryGetValue(name, out Microsoft.Extensions.Primitives.StringValues text))
        {
            return otherwise;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && number >= minimum && number <= maximum
            ? number
            : throw ApiException.Create(
                StatusCodes.Status400BadRequest, $"{name}: '{text}' is not a whole number from {minimum} to {maximum}", name);
    }
}
