using System.Text;
using System.Text.Json;

namespace BlockEmu.Cli.Http;

/// <summary>The little JSON that the program writes and reads by hand; its shapes are the server's.</summary>
internal static class JsonText
{
    private static readonly JsonWriterOptions _indented = new() { Indented = true };

    /// <summary>An object of strings and numbers.</summary>
    public static string Write(Dictionary<string, object> fields) => Write(default, json =>
    {
        json.WriteStartObject();
        foreach ((string name, object value) in fields)
        {
            json.WritePropertyName(name);
            switch (value)
            {
                case ulong number: json.WriteNumberValue(number); break;
                case int number: json.WriteNumberValue(number); break;
                default: json.WriteStringValue((string)value); break;
            }
        }

        json.WriteEndObject();
    });

    /// <summary>For people and for programs: the same content, indented.</summary>
    public static string Indent(JsonElement element) => Write(_indented, element.WriteTo);

    public static string Write(JsonWriterOptions options, Action<Utf8JsonWriter> write)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes, options))
        {
            write(json);
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    /// <summary>The detail of a problem (RFC 9457), if that is what the text is.</summary>
    public static string? FindDetail(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("detail", out JsonElement detail)
                && detail.ValueKind == JsonValueKind.String
                ? detail.GetString()
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // InvalidOperation: a string that is not valid Unicode
        }
    }
}
