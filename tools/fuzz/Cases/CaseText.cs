using System.Globalization;
using System.Text;

namespace BlockEmu.Fuzz.Cases;

/// <summary>Cases as text that a person can read and edit.</summary>
/// <remarks>
/// <code>
/// # a comment, to the end of the line
/// to Server                                      the kind, once, first
/// 00000003                                       a line is a message, a word is a field: hex ...
/// 49484156454f5054 00000001 00000005 "disk0"     ... or a text between quotes, without escapes
/// 00*1000                                        ... or hex, repeated
/// </code>
/// </remarks>
public static class CaseText
{
    private const int MaxRepeats = 1 << 24;
    private const int BytesPerLine = 48;

    public static FuzzCase Parse(string text)
    {
        CaseKind? kind = null;
        List<IReadOnlyList<CaseField>> messages = [];
        foreach (string line in text.Split('\n'))
        {
            List<string> words = Words(line);
            if (words is ["to", _])
            {
                kind = Enum.Parse<CaseKind>(words[1]);
            }
            else if (words.Count > 0)
            {
                messages.Add([.. words.Select(ParseField)]);
            }
        }

        return new FuzzCase(kind ?? throw new FormatException("a case starts with 'to KIND'"), messages);
    }

    public static string Format(FuzzCase theCase, IEnumerable<string> comments)
    {
        StringBuilder text = new();
        foreach (string comment in comments)
        {
            text.Append("# ").Append(comment.ReplaceLineEndings(" ")).Append('\n');
        }

        text.Append("to ").Append(theCase.Kind).Append('\n');
        foreach (byte[] line in theCase.ToBytes().Chunk(BytesPerLine))
        {
            text.Append(Convert.ToHexStringLower(line)).Append('\n');
        }

        return text.ToString();
    }

    private static List<string> Words(string line)
    {
        List<string> words = [];
        int at = 0;
        while (at < line.Length && line[at] != '#')
        {
            if (char.IsWhiteSpace(line[at]))
            {
                at++;
                continue;
            }

            int end = at + 1;
            if (line[at] == '"')
            {
                end = line.IndexOf('"', end) + 1;
                if (end == 0)
                {
                    throw new FormatException($"a quote is not closed: {line}");
                }
            }
            else
            {
                while (end < line.Length && !char.IsWhiteSpace(line[end]))
                {
                    end++;
                }
            }

            words.Add(line[at..end]);
            at = end;
        }

        return words;
    }

    private static CaseField ParseField(string word)
    {
        if (word[0] == '"')
        {
            return CaseField.Text(Encoding.UTF8.GetBytes(word[1..^1]));
        }

        int star = word.IndexOf('*');
        if (star < 0)
        {
            return new CaseField(Convert.FromHexString(word));
        }

        byte[] unit = Convert.FromHexString(word[..star]);
        int repeats = int.Parse(word[(star + 1)..], NumberStyles.None);
        return repeats <= MaxRepeats / Math.Max(1, unit.Length)
            ? new CaseField([.. Enumerable.Repeat(unit, repeats).SelectMany(static u => u)])
            : throw new FormatException($"too often: {word}");
    }
}
