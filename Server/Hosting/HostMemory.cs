using System.Globalization;

namespace BlockEmu.Server.Hosting;

/// <summary>How much memory this process may have: the machine's, or less where a control group says so.</summary>
/// <param name="root">The folder that stands for <c>/</c>; tests have one of their own.</param>
internal sealed class HostMemory(string root = "/")
{
    /// <summary>The smallest limit and whose it is; null when the host does not say.</summary>
    public (long Bytes, string Whose)? Limit => Limits().OrderBy(static l => l.Bytes).Cast<(long, string)?>().FirstOrDefault();

    /// <summary>A sentence when disks in memory can grow beyond the limit; else null.</summary>
    /// <param name="name">The newest disk.</param>
    /// <param name="sizeBytes">Its size.</param>
    /// <param name="otherBytes">The sizes of the other disks in memory together.</param>
    public string? Warn(string name, long sizeBytes, long otherBytes)
    {
        if (Limit is not var (bytes, whose) || sizeBytes + otherBytes <= bytes)
        {
            return null;
        }

        string others = otherBytes == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" and the other disks in memory {otherBytes}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"disk {name} in memory has {sizeBytes} bytes{others}, and {whose} is {bytes}: written full it cannot be kept, and the host may end the server");
    }

    private IEnumerable<(long Bytes, string Whose)> Limits()
    {
        if (Lines("proc/meminfo").FirstOrDefault(static l => l.StartsWith("MemTotal:", StringComparison.Ordinal)) is { } total
            && TryParse(total["MemTotal:".Length..].Replace("kB", "", StringComparison.Ordinal), out long kilobytes))
        {
            yield return (kilobytes << 10, "the machine's memory");
        }

        // "0::/path" is version 2; "4:memory:/path", or with other controllers beside it, version 1.
        foreach (string[] group in Lines("proc/self/cgroup").Select(static l => l.Split(':', 3)).Where(static g => g.Length == 3))
        {
            (string tree, string file) = group[1].Length == 0 ? ("sys/fs/cgroup", "memory.max") : ("sys/fs/cgroup/memory", "memory.limit_in_bytes");
            if (group[1].Length > 0 && !group[1].Split(',').Contains("memory"))
            {
                continue;
            }

            // Every group above counts too. In a container the path may be the host's: then only the tree's root is there.
            for (string? path = group[2].Trim('/'); path is not null; path = path.Length == 0 ? null : Path.GetDirectoryName(path) ?? "")
            {
                if (TryParse(Lines(Path.Combine(tree, path, file)).FirstOrDefault(), out long bytes))
                {
                    yield return (bytes, $"the control group's {file}");
                }
            }
        }
    }

    private static bool TryParse(string? text, out long number) =>
        long.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(root, path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
