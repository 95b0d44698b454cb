using BlockEmu.Tests.Shared;

namespace BlockEmu.Clients.Tests.Support;

/// <summary>Programs of a newer Debian than this machine's, which <c>tools/clients/build</c> fetches into a cache.</summary>
internal static class NewerClients
{
    private static readonly TimeSpan _fetchLimit = Pace.Seconds(300);
    private static readonly Lazy<Task<string>> _folder = new(FetchAsync);

    /// <summary>The program's path. Where they can't be fetched the test is skipped, and fails in CI.</summary>
    public static async Task<string> FindAsync(string program) => Path.Combine(await _folder.Value, "bin", program);

    private static async Task<string> FetchAsync()
    {
        string build = Path.Combine(RepositoryRoot(), "tools", "clients", "build");
        ProgramRun fetch = await ProgramRun.StartAsync(_fetchLimit, build, []);
        Tool.RequireThat(fetch.ExitCode == 0, $"newer clients can't be had: {fetch.Everything}");
        return (await ProgramRun.SucceedAsync(build, "--where")).Output.Trim();
    }

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "BlockEmu.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("the tests run outside the repository");
    }
}
