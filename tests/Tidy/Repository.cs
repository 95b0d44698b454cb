using System.Diagnostics;

namespace BlockEmu.Tidy.Tests;

/// <summary>The files that git knows of (or would add), with their text.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<string> Files { get; } = List();

    public static IEnumerable<string> Code => Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static bool IsText(string file) =>
        Path.GetExtension(file) is ".cs" or ".md" or ".json" or ".props" or ".csproj" or ".sln" or ".txt" or ".py" or ".sh" or ".c" or "" or ".globalconfig";

    private static List<string> List()
    {
        ProcessStartInfo start = new("git", ["ls-files", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using Process git = Process.Start(start)!;
        string text = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(f => File.Exists(Path.Combine(Root, f)))];
    }

    private static string FindRoot()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "BlockEmu.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("no BlockEmu.sln above the tests");
    }
}
