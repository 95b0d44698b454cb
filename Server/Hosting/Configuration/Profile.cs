using System.Reflection;
using System.Text.Json;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>A name for a set of a disk's keys (SEMANTICS 8): one of the files of the folder profiles.</summary>
/// <param name="Name">As in <c>profile=NAME</c>.</param>
/// <param name="Keys">The keys and their values, as the command line would say them.</param>
internal sealed record Profile(string Name, IReadOnlyList<(string Key, string Value)> Keys)
{
    private const string Prefix = "profiles.";
    private const string Suffix = ".json";

    private static readonly Assembly _assembly = typeof(Profile).Assembly;

    /// <summary>All names, in order.</summary>
    public static string AllNames { get; } = string.Join(
        ", ",
        _assembly.GetManifestResourceNames()
            .Where(static n => n.StartsWith(Prefix, StringComparison.Ordinal) && n.EndsWith(Suffix, StringComparison.Ordinal))
            .Select(static n => n[Prefix.Length..^Suffix.Length])
            .Order(StringComparer.Ordinal));

    /// <summary>The profile of a name, or null.</summary>
    public static Profile? Find(string name)
    {
        using Stream? file = _assembly.GetManifestResourceStream(Prefix + name + Suffix);
        if (file is null)
        {
            return null;
        }

        using JsonDocument json = JsonDocument.Parse(file);
        return new Profile(name, [.. json.RootElement.GetProperty("disk").EnumerateObject().Select(Read)]);
    }

    private static (string Key, string Value) Read(JsonProperty property)
    {
        DiskKey? key = DiskKeys.Find(property.Name);
        return key is not null && DiskSpecJson.ToText(property.Value, key.Form) is { } value
            ? (key.Name, value)
            : throw new InvalidDataException($"a profile's {property.Name} is no key of a disk, or has a wrong value");
    }
}
