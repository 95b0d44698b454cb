using System.Globalization;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>Sizes as people write them: <c>512</c>, <c>4K</c>, <c>16K</c>, <c>1M</c>, <c>4G</c>, <c>1T</c>; powers of 1024.</summary>
internal static class ByteSize
{
    private const string Units = "KMGTPE";

    /// <summary>What a fault says would have been right.</summary>
    public const string Examples = "a size such as 512, 4K, 16K, 1M, 4G or 1T";

    /// <summary>False for anything but digits and at most one unit letter, and for what does not fit 63 bits.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        if (text.Length == 0)
        {
            return false;
        }

        int unit = Units.IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal);
        ReadOnlySpan<char> digits = unit < 0 ? text : text.AsSpan(0, text.Length - 1);
        int shift = unit < 0 ? 0 : 10 * (unit + 1);
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            || number > long.MaxValue >> shift)
        {
            return false;
        }

        bytes = number << shift;
        return true;
    }

    /// <summary>The shortest text that <see cref="TryParse"/> reads back.</summary>
    public static string Format(long bytes)
    {
        int unit = 0;
        while (bytes != 0 && bytes % 1024 == 0 && unit < Units.Length)
        {
            bytes /= 1024;
            unit++;
        }

        return unit == 0 ? $"{bytes}" : $"{bytes}{Units[unit - 1]}";
    }
}
