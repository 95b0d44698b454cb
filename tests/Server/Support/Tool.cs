namespace BlockEmu.Server.Tests.Support;

/// <summary>Programs of the distribution that tests use.</summary>
internal static class Tool
{
    /// <summary>The program's path; without it the test is skipped, and fails where CI promises it.</summary>
    public static string Find(string name)
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (path is null)
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", $"{name} is not installed");
            Assert.Skip($"{name} is not installed");
        }

        return path;
    }
}
