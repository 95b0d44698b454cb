namespace BlockEmu.Vm.Tests;

/// <summary>Where things are in the working copy that these tests were built from.</summary>
internal static class Repository
{
    /// <summary>The folder of <c>BlockEmu.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The server, built in the configuration of these tests.</summary>
    public static string ServerProgram { get; } = Path.Combine(
        Root, "Server", "bin", Configuration(), "net10.0", "blockemu-server.dll");

    /// <summary>A program under <c>tools/</c>.</summary>
    public static string Tool(string name) => Path.Combine(Root, "tools", name);

    // .../bin/<configuration>/net10.0/
    private static string Configuration() =>
        Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)))!;

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "BlockEmu.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("the tests run outside the repository");
    }
}
