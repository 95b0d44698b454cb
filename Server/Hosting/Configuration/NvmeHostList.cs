using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>Reads <c>nvme-hosts</c>: NQNs with semicolons or commas between them.</summary>
internal static class NvmeHostList
{
    /// <summary>Hosts that one disk can name.</summary>
    public const int MaxHosts = 64;

    /// <summary>How every NQN begins (Base 4.7).</summary>
    public const string NqnStart = "nqn.";

    /// <summary>Between two names.</summary>
    public const char Separator = ';';

    private const char OtherSeparator = ',';

    /// <summary>Takes the names; or says what is wrong with them.</summary>
    public static string? Read(string text, Action<IReadOnlyList<string>> take)
    {
        string[] names = text.Split([Separator, OtherSeparator], StringSplitOptions.TrimEntries);
        if (Array.Find(names, n => !IsNqn(n)) is { } wrong)
        {
            return $"'{wrong}' is not the NQN of a host, such as {NqnStart}2014-08.org.nvmexpress:uuid:... (at most {NvmeNames.MaxNqnBytes} bytes); "
                + "several have semicolons between them";
        }

        if (names.Length > MaxHosts)
        {
            return $"{names.Length} hosts are named; a disk can name {MaxHosts}";
        }

        take([.. names.Distinct(StringComparer.Ordinal)]);
        return null;
    }

    /// <summary>Where an unquoted value ends that begins at a position: at a comma, unless another name follows it.</summary>
    public static int FindEnd(string text, int position)
    {
        int comma;
        do
        {
            comma = text.IndexOf(OtherSeparator, position);
            position = comma + 1;
        }
        while (comma >= 0 && text.AsSpan(position).StartsWith(NqnStart, StringComparison.Ordinal));
        return comma < 0 ? text.Length : comma;
    }

    private static bool IsNqn(string name) =>
        name.Length > NqnStart.Length && name.StartsWith(NqnStart, StringComparison.Ordinal)
        && System.Text.Encoding.UTF8.GetByteCount(name) <= NvmeNames.MaxNqnBytes && !name.Any(c => char.IsControl(c) || char.IsSurrogate(c));
}
