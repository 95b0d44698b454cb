using System.Text.Json;

namespace BlockEmu.Oracle.Bundles;

/// <summary>A value of the manifest that knows its place, so that every refusal names it.</summary>
internal sealed class JsonField(JsonElement element, JsonField? parent, string name)
{
    private const string Entry = "manifest.json";

    /// <summary>Such as <c>pending[3].live</c>.</summary>
    private string Path
    {
        get
        {
            string above = parent?.Path ?? "";
            return above.Length == 0 || name.StartsWith('[') ? above + name : $"{above}.{name}";
        }
    }

    public BundleFormatException Fault(string fault) => new(Entry, Path, fault);

    public JsonField Member(string member) => Optional(member) ?? throw Fault($"the member {member} is missing");

    public JsonField? Optional(string member)
    {
        Demand(JsonValueKind.Object, "an object");
        return element.TryGetProperty(member, out JsonElement found) ? new JsonField(found, this, member) : null;
    }

    public IEnumerable<JsonField> Items()
    {
        Demand(JsonValueKind.Array, "a list");
        int index = 0;
        foreach (JsonElement item in element.EnumerateArray())
        {
            yield return new JsonField(item, this, $"[{index++}]");
        }
    }

    public int ItemCount()
    {
        Demand(JsonValueKind.Array, "a list");
        return element.GetArrayLength();
    }

    public long Int(long min, long max)
    {
        Demand(JsonValueKind.Number, "an integer");
        if (!element.TryGetInt64(out long value))
        {
            throw Fault("is not a 64-bit integer");
        }

        return value >= min && value <= max ? value : throw Fault($"{value} does not lie in {min} to {max}");
    }

    public bool Bool() => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Fault("is not true or false"),
    };

    public string Text()
    {
        Demand(JsonValueKind.String, "a string");
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Fault("is not valid Unicode");
        }
    }

    private void Demand(JsonValueKind kind, string what)
    {
        if (element.ValueKind != kind)
        {
            throw Fault($"is not {what}");
        }
    }
}
