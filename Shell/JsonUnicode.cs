using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace BlockEmu.Shell;

/// <summary>What JSON's grammar lets through and no string can hold: bytes that are no UTF-8, escapes of half a surrogate pair. The base
/// class library finds them only when somebody asks for the string, by an exception that names nothing.</summary>
public static class JsonUnicode
{
    private static readonly byte[] s_utf8Mark = [0xEF, 0xBB, 0xBF];

    /// <summary>The text as UTF-8 without a byte order mark; UTF-16 is known by its own.</summary>
    public static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> text) => text.Span switch
    {
        [0xFF, 0xFE, ..] => Encoding.UTF8.GetBytes(Encoding.Unicode.GetString(text.Span[2..])),
        [0xFE, 0xFF, ..] => Encoding.UTF8.GetBytes(Encoding.BigEndianUnicode.GetString(text.Span[2..])),
        var span when span.StartsWith(s_utf8Mark) => text[s_utf8Mark.Length..],
        _ => text,
    };

    /// <summary>The first string or member's name that is not valid Unicode: its path (<c>.disks[0].name</c>; that of the object for a
    /// name; empty for neither) and what is wrong, with the byte where it is. Null when there is none, or the text is no JSON up to there.</summary>
    public static (string Path, string Detail)? FindFault(ReadOnlySpan<byte> utf8, JsonReaderOptions options = default)
    {
        bool isValid = Utf8.IsValid(utf8);
        Utf8JsonReader reader = new(utf8, options);
        Stack<Place> places = new();
        try
        {
            while (reader.Read())
            {
                if (FindFault(ref reader, isValid, places) is { } fault)
                {
                    return fault;
                }
            }
        }
        catch (JsonException)
        {
            // Whoever parses it says so.
        }

        return isValid ? null : ("", string.Create(CultureInfo.InvariantCulture, $"byte {FindInvalid(utf8)} is not valid UTF-8"));
    }

    private static (string Path, string Detail)? FindFault(ref Utf8JsonReader reader, bool isValid, Stack<Place> places)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                places.Pop();
                return null;
            case JsonTokenType.PropertyName:
                if (!TryRead(ref reader, isValid, out string? name))
                {
                    return (PathOf(places, isInside: false), Describe(ref reader, "a name in it"));
                }

                places.Peek().Name = name ?? reader.GetString();
                return null;
            default:
                if (places.TryPeek(out Place? place))
                {
                    place.Index++;
                }

                if (reader.TokenType == JsonTokenType.String && !TryRead(ref reader, isValid, out _))
                {
                    return (PathOf(places, isInside: true), Describe(ref reader, "the string"));
                }

                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                {
                    places.Push(new Place(reader.TokenType == JsonTokenType.StartArray));
                }

                return null;
        }
    }

    private static bool TryRead(ref Utf8JsonReader reader, bool isValid, out string? text)
    {
        text = null;
        if (isValid && !reader.ValueIsEscaped)
        {
            return true;
        }

        try
        {
            text = reader.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static string Describe(ref Utf8JsonReader reader, string what)
    {
        string why = Utf8.IsValid(reader.ValueSpan) ? "it holds half of a surrogate pair" : "it is not UTF-8";
        return string.Create(CultureInfo.InvariantCulture, $"{what} is not valid Unicode (byte {reader.TokenStartIndex}): {why}");
    }

    private static string PathOf(Stack<Place> places, bool isInside)
    {
        StringBuilder path = new();
        foreach (Place place in places.Reverse().Take(isInside ? places.Count : places.Count - 1))
        {
            path.Append(place.IsArray ? string.Create(CultureInfo.InvariantCulture, $"[{place.Index}]") : $".{place.Name}");
        }

        return path.ToString();
    }

    private static int FindInvalid(ReadOnlySpan<byte> utf8)
    {
        int position = 0;
        while (Rune.DecodeFromUtf8(utf8[position..], out _, out int length) == System.Buffers.OperationStatus.Done)
        {
            position += length;
        }

        return position;
    }

    /// <summary>Where the reader is in one object or array.</summary>
    private sealed class Place(bool isArray)
    {
        public bool IsArray => isArray;

        public int Index { get; set; } = -1;

        public string? Name { get; set; }
    }
}
