using System.Text.Json;

namespace BlockEmu.Cli.Probe;

/// <summary>What a probe is to find: a JSON object with some of the answers, each a value, or
/// <c>{"atLeast": N, "atMost": N}</c> for a number.</summary>
internal sealed class ProbeExpectation
{
    private const string AtLeast = "atLeast";
    private const string AtMost = "atMost";

    private readonly string _path;
    private readonly JsonElement _expected;

    private ProbeExpectation(string path, JsonElement expected) => (_path, _expected) = (path, expected);

    public static ProbeExpectation Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement.Clone();
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("answers", out JsonElement answers))
            {
                root = answers; // a whole report of an earlier probe
            }

            return root.ValueKind == JsonValueKind.Object && root.EnumerateObject().Any()
                ? new ProbeExpectation(path, root)
                : throw Wrong(path, "is no JSON object with answers such as \"flush\": \"honoured\"");
        }
        catch (JsonException e)
        {
            throw Wrong(path, $"is no JSON: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Wrong(path, $"can't be read: {e.Message}");
        }
    }

    /// <summary>Throws when it expects an answer that no probe gives.</summary>
    public void DemandKnown(IEnumerable<ProbeAnswer> answers)
    {
        string[] known = [.. answers.Select(static a => a.Key)];
        foreach (JsonProperty property in _expected.EnumerateObject().Where(p => !known.Contains(p.Name)))
        {
            throw Wrong(_path, $"expects '{property.Name}', which is none of {string.Join(' ', known)}");
        }
    }

    /// <summary>A sentence for each answer that is another.</summary>
    public IEnumerable<string> Differences(IEnumerable<ProbeAnswer> answers)
    {
        Dictionary<string, ProbeAnswer> found = answers.ToDictionary(static a => a.Key);
        return _expected.EnumerateObject()
            .Where(p => !Holds(p.Value, found[p.Name].Value))
            .Select(p => $"{p.Name}: expected {p.Value.GetRawText()}, found {found[p.Name].JsonText} ({found[p.Name].Evidence})");
    }

    private bool Holds(JsonElement expected, object found) => expected.ValueKind switch
    {
        JsonValueKind.String => found is string word && word == expected.GetString(),
        JsonValueKind.Number when expected.TryGetInt64(out long number) => found is long bytes && bytes == number,
        JsonValueKind.Object => found is long bytes && expected.EnumerateObject().All(limit => limit.Name switch
        {
            AtLeast when limit.Value.ValueKind == JsonValueKind.Number && limit.Value.TryGetInt64(out long least) => bytes >= least,
            AtMost when limit.Value.ValueKind == JsonValueKind.Number && limit.Value.TryGetInt64(out long most) => bytes <= most,
            _ => throw Wrong(_path, $"has a limit '{limit.Name}' that is neither {AtLeast} nor {AtMost} with a number"),
        }),
        _ => throw Wrong(_path, $"expects {expected.GetRawText()}, which is no word, number or object of limits"),
    };

    private static CliException Wrong(string path, string what) => new(ExitCodes.Usage, $"--expect: '{path}' {what}");
}
