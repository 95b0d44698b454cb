using System.CommandLine;
using System.Reflection;
using System.Text.Json;
using BlockEmu.Cli.Output;

namespace BlockEmu.Cli.Commands;

/// <summary><c>blockemu profiles [NAME]</c>: the kinds of disks that a server knows by name. It asks no server.</summary>
internal static class ProfilesCommand
{
    private const string Prefix = "profiles.";
    private const string Suffix = ".json";

    public static Command Create(CommandContext context)
    {
        Argument<string?> name = new("NAME") { Description = "Only this one, with its source.", Arity = ArgumentArity.ZeroOrOne };
        Command command = new("profiles", "Kinds of disks by name, for --disk profile=NAME, and where each comes from.") { name };
        command.SetAction(result =>
        {
            JsonElement[] profiles = [.. Load().Where(p => result.GetValue(name) is not { } only || p.Text("name") == only)];
            if (profiles.Length == 0)
            {
                throw new CliException(ExitCodes.Usage, $"there is no profile '{result.GetValue(name)}'; blockemu profiles lists them");
            }

            Show(context, profiles, context.Shared.IsJson(result), isOne: result.GetValue(name) is not null);
            return ExitCodes.Fine;
        });
        return command;
    }

    private static void Show(CommandContext context, JsonElement[] profiles, bool isJson, bool isOne)
    {
        if (isJson)
        {
            context.Printer.Json(isOne ? profiles[0] : JsonSerializer.SerializeToElement(new Dictionary<string, JsonElement[]> { ["profiles"] = profiles }));
        }
        else if (isOne)
        {
            context.Printer.Line($"{profiles[0].Text("name")}: {profiles[0].Text("summary")}");
            context.Printer.Line($"--disk {Keys(profiles[0])}");
            context.Printer.Line($"Source: {profiles[0].Text("source")}");
        }
        else
        {
            context.Printer.Table(
                ["PROFILE", "KEYS", "WHAT IT IS"],
                profiles.Select(static p => (string[])[p.Text("name"), Keys(p), p.Text("summary")]));
        }
    }

    private static string Keys(JsonElement profile) =>
        string.Join(',', profile.GetProperty("disk").EnumerateObject().Select(static k => $"{k.Name}={k.Value}"));

    private static IEnumerable<JsonElement> Load()
    {
        Assembly assembly = typeof(ProfilesCommand).Assembly;
        foreach (string resource in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            if (resource.StartsWith(Prefix, StringComparison.Ordinal) && resource.EndsWith(Suffix, StringComparison.Ordinal))
            {
                using Stream file = assembly.GetManifestResourceStream(resource)!;
                using JsonDocument json = JsonDocument.Parse(file);
                yield return json.RootElement.Clone();
            }
        }
    }
}
