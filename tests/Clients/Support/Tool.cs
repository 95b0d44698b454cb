namespace BlockEmu.Clients.Tests.Support;

/// <summary>Programs of the distribution that tests use.</summary>
internal static class Tool
{
    // Where Debian puts what root uses; an ordinary user's PATH lacks them.
    private static readonly string[] _alsoIn = ["/usr/sbin", "/sbin"];

    /// <summary>The program's path; without it the test is skipped, and fails where CI promises it.</summary>
    public static string Find(string name)
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(_alsoIn)
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        RequireThat(path is not null, $"{name} is not installed (tools/packages.txt names its package)");
        return path!;
    }

    /// <summary>Skips the test unless the machine has what it needs; fails instead where CI promises it.</summary>
    public static void RequireThat(bool holds, string reason)
    {
        if (!holds)
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", reason);
            Assert.Skip(reason);
        }
    }
}
