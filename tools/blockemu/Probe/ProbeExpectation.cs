using System.Text.Json;
using BlockEmu.Shell;

namespace BlockEmu.Cli.Probe;

/// <summary>What a probe is to find: a JSON object with some of the answers, each a value, or
/// <c>{"atLeast": N, "atMost": N}</c> for a number.</summary>
internal sealed class ProbeExpectation
{
    private const string AtLeast = "atLeast";
    private const string AtMost = "atMost";

    private readonly JsonElement _expected;

    private ProbeExpectation(JsonElement expected) => _expected = expected;

    /// <summary>Throws where it is not what it should be, or expects an answer that no probe gives.</summary>
    public static ProbeExpectation Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(JsonUnicode.WithoutMark(File.ReadAllBytes(path)));
            JsonElement root = document.RootElement.Clone();
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("answers", out JsonElement answers))
            {
                root = answers; // a whole report of an earlier probe
            }

            string? fault = root.ValueKind != JsonValueKind.Object || !root.EnumerateObject().Any()
                ? "is no JSON object with answers such as \"flush\": \"honoured\""
                : root.EnumerateObject().Select(FaultOf).FirstOrDefault(static f => f is not null);
            return fault is null ? new ProbeExpectation(root) : throw Wrong(path, fault);
        }
        catch (InvalidOperationException)
        {
            throw Wrong(path, "holds a string that is not valid Unicode");
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

    /// <summary>A sentence for each answer that is another.</summary>
    public IEnumerable<string> Differences(IEnumerable<ProbeAnswer> answers)
    {
        Dictionary<string, ProbeAnswer> found = answers.ToDictionary(static a => a.Key);
        return _expected.EnumerateObject()
            .Where(p => !Holds(p.Value, found[p.Name].Value))
            .Select(p => $"{p.Name}: expected {p.Value.GetRawText()}, found {found[p.Name].JsonText} ({found[p.Name].Evidence})");
    }

    private static bool Holds(JsonElement expected, object found) => expected.ValueKind switch
    {
        JsonValueKind.String => found is string word && word == expected.GetString(),
        JsonValueKind.Number => found is long bytes && bytes == expected.GetInt64(),
        _ => found is long bytes && expected.EnumerateObject().All(
            limit => limit.Name == AtLeast ? bytes >= limit.Value.GetInt64() : bytes <= limit.Value.GetInt64()),
    };

    /// <summary>What is wrong with one expectation: it is told before anything is overwritten.</summary>
    private static string? FaultOf(JsonProperty property)
    {
        if (!ProbeFindings.Keys.Contains(property.Name))
        {
            return $"expects '{property.Name}', which is none of {string.Join(' ', ProbeFindings.Keys)}";
        }

        JsonElement expected = property.Value;
        if (expected.ValueKind == JsonValueKind.Object)
        {
            JsonProperty wrong = expected.EnumerateObject().FirstOrDefault(
                static limit => limit.Name is not (AtLeast or AtMost) || !IsNumber(limit.Value));
            return wrong.Value.ValueKind == JsonValueKind.Undefined
                ? null
                : $"has a limit '{wrong.Name}' of '{property.Name}' that is neither {AtLeast} nor {AtMost} with a number";
        }

        return expected.ValueKind == JsonValueKind.String || IsNumber(expected)
            ? null
            : $"expects {expected.GetRawText()} of '{property.Name}', which is no word, number or object of limits";
    }

    private static bool IsNumber(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _);

    private static CliException Wrong(string path, string what) => new(ExitCodes.Usage, $"--expect: '{path}' {what}");
}
