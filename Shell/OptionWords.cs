using System.CommandLine;

namespace BlockEmu.Shell;

/// <summary>What System.CommandLine lets pass and no user means.</summary>
public static class OptionWords
{
    /// <summary>The first option that stands without its value, or null: at the end (<c>--admin A --admin</c> is A for System.CommandLine),
    /// before another option (which is the value then), or as <c>--admin=</c> (which takes the next word).</summary>
    public static string? FindWithoutValue(IReadOnlyList<string> arguments, Command root)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(root);
        Dictionary<string, bool> takesValue = new(StringComparer.Ordinal);
        Collect(root, takesValue);
        for (int i = 0; i < arguments.Count && arguments[i] != "--"; i++)
        {
            string word = arguments[i];
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? word : word[..equals];
            if (!takesValue.GetValueOrDefault(name))
            {
                continue;
            }

            bool hasValue = equals < 0
                ? i + 1 < arguments.Count && !takesValue.ContainsKey(arguments[i + 1].Split('=')[0])
                : equals + 1 < word.Length;
            if (!hasValue)
            {
                return name;
            }

            i += equals < 0 ? 1 : 0;
        }

        return null;
    }

    private static void Collect(Command command, Dictionary<string, bool> takesValue)
    {
        foreach (Option option in command.Options)
        {
            takesValue[option.Name] = option.Arity.MinimumNumberOfValues > 0;
        }

        foreach (Command child in command.Subcommands)
        {
            Collect(child, takesValue);
        }
    }
}
