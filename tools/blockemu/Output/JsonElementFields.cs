using System.Text.Json;

namespace BlockEmu.Cli.Output;

/// <summary>Reads the server's answers; what is missing makes the answer a foreign one, not a crash.</summary>
internal static class JsonElementFields
{
    public static string Text(this JsonElement element, string name) =>
        element.Find(name) is not { } value ? ""
        : value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    public static long Number(this JsonElement element, string name) =>
        element.Find(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out long number)
            ? number
            : throw Foreign(name);

    public static bool Flag(this JsonElement element, string name) => element.Find(name)?.ValueKind == JsonValueKind.True;

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.Find(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : throw Foreign(name);

    private static JsonElement? Find(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) ? value : null;

    private static CliException Foreign(string name) =>
        new(ExitCodes.Unreachable, $"what answers there is no BlockEmu server: its answer has no '{name}'");
}
