namespace BlockEmu.Vm.Tests;

/// <summary><c>tools/demo</c>: power cuts under a real file system.</summary>
public sealed class DemoTests(VmImage vm)
{
    private const string Seed = "1";

    [Fact]
    public Task Everything_fsynced_on_ext4_survives_two_power_cuts() => AssertKeptAsync("--fs", "ext4", "--rounds", "2");

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public async Task Everything_fsynced_survives_five_power_cuts(string fileSystem)
    {
        bool isLong = Environment.GetEnvironmentVariable("BLOCKEMU_TEST_LONG") == "1";
        Assert.SkipUnless(isLong, "a long test: set BLOCKEMU_TEST_LONG=1");
        await AssertKeptAsync("--fs", fileSystem, "--rounds", "5");
    }

    // The demo must be able to fail: here every flush is answered and none reaches the disk.
    [Fact]
    public async Task A_device_that_lies_about_flush_is_caught()
    {
        ToolRun run = await DemoAsync("--fs", "ext4", "--rounds", "3", "--liar");

        Assert.True(run.ExitCode == 1, run.Everything);
        Assert.Contains("BROKEN", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_option_is_refused_before_anything_is_started()
    {
        await vm.RequireAsync();

        ToolRun run = await ToolRun.StartAsync(Repository.Tool("demo"), "--rounds", "0");

        Assert.True(run.ExitCode == 2, run.Everything);
        Assert.Contains("--rounds", run.Errors, StringComparison.Ordinal);
    }

    private async Task AssertKeptAsync(params string[] arguments)
    {
        ToolRun run = await DemoAsync(arguments);

        Assert.True(run.ExitCode == 0, run.Everything);
        Assert.Contains("KEPT", run.Output, StringComparison.Ordinal);
    }

    private async Task<ToolRun> DemoAsync(params string[] arguments)
    {
        await vm.RequireAsync();
        return await ToolRun.StartAsync(
            Repository.Tool("demo"), [.. arguments, "--seed", Seed, "--server", Repository.ServerProgram]);
    }
}
