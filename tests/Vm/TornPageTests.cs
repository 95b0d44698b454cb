namespace BlockEmu.Vm.Tests;

/// <summary><c>tools/demo --story torn-page</c>: PostgreSQL on disks that do, and do not, keep its pages whole. Needs root, no VM.</summary>
public sealed class TornPageTests
{
    private const string Seed = "1";

    /// <summary>The demo's settings and cuts in each. A damaged round is likely, not certain, so that it takes the long run
    /// to ask for most; that nothing is damaged where nothing may be holds in any two.</summary>
    public static TheoryData<string[], int> Runs =>
        Environment.GetEnvironmentVariable("BLOCKEMU_TEST_LONG") == "1"
            ? new() { { ["pages-torn"], 20 }, { ["whole-commands", "full-page-writes"], 10 } }
            : new() { { ["whole-commands", "full-page-writes"], 2 } };

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task A_database_is_damaged_only_where_its_pages_may_tear(string[] settings, int cuts)
    {
        ToolRun run = await DemoAsync([.. settings.SelectMany(s => new[] { "--setting", s }), "--rounds", $"{cuts}", "--seed", Seed]);

        Assert.True(run.ExitCode == 0, run.Everything);
        Assert.Contains("AS PROMISED", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_option_of_another_story_is_refused_before_anything_is_started()
    {
        ToolRun run = await DemoAsync("--fs", "xfs");

        Assert.True(run.ExitCode == 2, run.Everything);
        Assert.Contains("--fs: only with --story files", run.Errors, StringComparison.Ordinal);
    }

    private static async Task<ToolRun> DemoAsync(params string[] arguments)
    {
        ToolRun run = await ToolRun.StartAsync(
            Repository.Tool("demo"), ["--story", "torn-page", "--server", Repository.ServerProgram, .. arguments]);
        bool isCi = string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);
        Assert.SkipWhen(!isCi && run.ExitCode == 3 && run.Errors.Contains("this machine lacks", StringComparison.Ordinal), run.Errors);
        return run;
    }
}
