namespace BlockEmu.Vm.Tests;

/// <summary><c>tools/demo --story atomic-write</c>: power cuts under <c>RWF_ATOMIC</c>, and under writes beyond the unit.</summary>
public sealed class AtomicWriteTests(VmImage vm)
{
    private const string Seed = "1";

    /// <summary>Each kernel, and how often everything loses its power: twice, or with <c>./test --long</c> twenty times.</summary>
    public static TheoryData<string, int> Runs =>
        Environment.GetEnvironmentVariable("BLOCKEMU_TEST_LONG") == "1"
            ? new() { { VmImage.Stable, 20 }, { VmImage.Newest, 20 } }
            : new() { { VmImage.Stable, 2 }, { VmImage.Newest, 2 } };

    // The story itself fails when a write beyond the unit is never torn: it would not notice one.
    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Writes_within_the_unit_are_whole_after_power_cuts_and_larger_ones_are_not(string kernel, int cuts)
    {
        await vm.RequireAsync(kernel);
        ToolRun run = await ToolRun.StartAsync(
            Repository.Tool("demo"), "--story", "atomic-write", "--kernel", kernel, "--rounds", $"{cuts}", "--seed", Seed,
            "--server", Repository.ServerProgram);

        Assert.True(run.ExitCode == 0, run.Everything);
        Assert.Contains("AS PROMISED: raw: 0 torn;", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_option_of_another_story_is_refused_before_anything_is_started()
    {
        ToolRun run = await ToolRun.StartAsync(Repository.Tool("demo"), "--story", "atomic-write", "--front-end", "nbd");

        Assert.True(run.ExitCode == 2, run.Everything);
        Assert.Contains("--front-end: only with --story files", run.Errors, StringComparison.Ordinal);
    }
}
