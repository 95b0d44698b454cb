using System.Globalization;
using System.Text;

namespace BlockEmu.Shell;

/// <summary>Text of others (names, marks, bundles, what clients say) as it may be printed or logged: what a terminal would obey, what
/// would begin a line, what would reorder or hide text is written as an escape.</summary>
public static class PrintableText
{
    /// <summary>The same on one line: <c>\n</c>, <c>\r</c>, <c>\t</c>, else <c>\uXXXX</c> or <c>\UXXXXXXXX</c>. Text without such
    /// characters is returned as it is.</summary>
    public static string Escape(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return IsPlain(text) ? text : Write(text, keepsLines: false);
    }

    /// <summary>The same for text of our own in several lines: line feeds stay.</summary>
    public static string EscapeLines(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return IsPlain(text) ? text : Write(text, keepsLines: true);
    }

    /// <summary>Whether a terminal shows it as it is.</summary>
    public static bool IsPlain(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int position = 0;
        while (position < text.Length)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(position), out Rune rune, out int length) != System.Buffers.OperationStatus.Done || !IsPlain(rune))
            {
                return false;
            }

            position += length;
        }

        return true;
    }

    private static string Write(string text, bool keepsLines)
    {
        StringBuilder escaped = new(text.Length + 16);
        int position = 0;
        while (position < text.Length)
        {
            ReadOnlySpan<char> rest = text.AsSpan(position);
            bool isWhole = Rune.DecodeFromUtf16(rest, out Rune rune, out int length) == System.Buffers.OperationStatus.Done;
            if (isWhole && (IsPlain(rune) || (keepsLines && rune.Value == '\n')))
            {
                escaped.Append(rest[..length]);
            }
            else
            {
                // A surrogate without its other half has no rune.
                Append(escaped, isWhole ? rune.Value : rest[0]);
            }

            position += length;
        }

        return escaped.ToString();
    }

    private static void Append(StringBuilder escaped, int value) => _ = value switch
    {
        '\n' => escaped.Append("\\n"),
        '\r' => escaped.Append("\\r"),
        '\t' => escaped.Append("\\t"),
        <= 0xFFFF => escaped.Append(CultureInfo.InvariantCulture, $"\\u{value:x4}"),
        _ => escaped.Append(CultureInfo.InvariantCulture, $"\\U{value:x8}"),
    };

    private static bool IsPlain(Rune rune) => rune.Value is >= ' ' and < 0x7F
        || (Rune.GetUnicodeCategory(rune) is not (
                UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            && !IsInvisible(rune.Value));

    /// <summary>Unicode's Default_Ignorable_Code_Point beyond the category Format: letters and marks that show nothing.</summary>
    private static bool IsInvisible(int value) => value is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F)
        or 0x3164 or (>= 0xFE00 and <= 0xFE0F) or 0xFFA0 or (>= 0xE0000 and <= 0xE0FFF);
}
