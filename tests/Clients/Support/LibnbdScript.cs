namespace BlockEmu.Clients.Tests.Support;

/// <summary>The Python scripts beside the tests, which use libnbd and say "fine" in the end.</summary>
internal static class LibnbdScript
{
    // libnbd's module belongs to the distribution's Python, whatever stands earlier in PATH.
    private const string Python = "/usr/bin/python3";

    /// <summary>The distribution's Python, with libnbd; the test is skipped without it, and fails in CI.</summary>
    public static async Task<string> FindPythonAsync()
    {
        Tool.RequireThat(File.Exists(Python), $"{Python} is not there");
        Tool.RequireThat((await ProgramRun.StartAsync(Python, "-c", "import nbd")).ExitCode == 0, "python3-libnbd is not installed");
        return Python;
    }

    /// <summary>Runs a script with the distribution's libnbd, or with the newer one.</summary>
    public static async Task<ProgramRun> RunAsync(bool isNewer, string script, params string[] arguments)
    {
        string python = isNewer ? await NewerClients.FindAsync("python3") : await FindPythonAsync();
        ProgramRun run = await ProgramRun.SucceedAsync(
            python, [Path.Combine(AppContext.BaseDirectory, "Programs", script), .. arguments]);
        Assert.True(run.Output.Trim() == "fine", run.Everything);
        return run;
    }
}
