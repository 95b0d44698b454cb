using System.Globalization;

namespace BlockEmu.Cli;

/// <summary>Sizes as people write them: <c>512</c>, <c>4K</c>, <c>1M</c>, <c>4G</c>; powers of 1024.</summary>
internal static class SizeText
{
    private const string Units = "KMGTPE";

    /// <summary>False for anything but digits and at most one unit letter, for 0, and for what is more than the limit.</summary>
    public static bool TryParse(string text, long maxBytes, out long bytes)
    {
        bytes = 0;
        int unit = text.Length == 0 ? -1 : Units.IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal);
        int shift = unit < 0 ? 0 : 10 * (unit + 1);
        if (!long.TryParse(text.AsSpan(0, text.Length - (unit < 0 ? 0 : 1)), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            || number < 1
            || number > maxBytes >> shift)
        {
            return false;
        }

        bytes = number << shift;
        return true;
    }
}
