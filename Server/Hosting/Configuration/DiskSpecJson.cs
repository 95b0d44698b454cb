using System.Text.Json;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>Reads a disk from a JSON object with the keys of <c>--disk</c>.</summary>
internal static class DiskSpecJson
{
    public static DiskSpec? Read(JsonElement element, string? defaultName, out IReadOnlyList<Fault> faults)
    {
        DiskDraft draft = new(defaultName);
        if (element.ValueKind != JsonValueKind.Object)
        {
            faults = [new Fault("", "must be an object")];
            return null;
        }

        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (DiskKeys.Find(property.Name) is not { } key)
            {
                draft.AddFault(property.Name, $"unknown; a disk has {DiskKeys.AllNames}");
            }
            else if (ToText(property.Value, key.Form) is { } text)
            {
                draft.Set(property.Name, text);
            }
            else
            {
                draft.AddFault(property.Name, $"must be {Describe(key.Form)}");
            }
        }

        DiskSpec? spec = draft.Build();
        faults = draft.Faults;
        return spec;
    }

    /// <summary>A value as the command line would say it; null when its JSON type is wrong.</summary>
    public static string? ToText(JsonElement value, DiskKeyForm form) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Array when form is DiskKeyForm.Texts && value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String) =>
            string.Join(NvmeHostList.Separator, value.EnumerateArray().Select(e => e.GetString())),
        JsonValueKind.Number when form is DiskKeyForm.Number or DiskKeyForm.NumberOrSwitch => value.GetRawText(),
        JsonValueKind.True when form is DiskKeyForm.Switch => "on",
        JsonValueKind.False when form is DiskKeyForm.Switch or DiskKeyForm.NumberOrSwitch => "off",
        _ => null,
    };

    /// <summary>Which JSON types are right.</summary>
    public static string Describe(DiskKeyForm form) => form switch
    {
        DiskKeyForm.Text => "a string",
        DiskKeyForm.Texts => "a string or an array of strings",
        DiskKeyForm.Number => "a number or a string",
        DiskKeyForm.Switch => "true, false, \"on\" or \"off\"",
        _ => "a number, a string or false",
    };
}
