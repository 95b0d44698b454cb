namespace BlockEmu.Vm.Tests;

/// <summary><c>tools/demo</c>: power cuts under a real file system.</summary>
public sealed class DemoTests(VmImage vm)
{
    private const string Seed = "1";

    /// <summary>File systems, how they are attached, and power cuts: a quick run of each, or with <c>./test --long</c> five cuts on all.</summary>
    public static TheoryData<string, string, int> Runs =>
        Environment.GetEnvironmentVariable("BLOCKEMU_TEST_LONG") == "1"
            ? new() { { "ext4", "nbd", 5 }, { "xfs", "nbd", 5 }, { "btrfs", "nbd", 5 }, { "ext4", "nvme", 5 }, { "xfs", "nvme", 5 }, { "btrfs", "nvme", 5 } }
            : new() { { "ext4", "nbd", 2 }, { "xfs", "nvme", 1 } };

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Everything_fsynced_survives_the_power_cuts(string fileSystem, string frontEnd, int cuts)
    {
        ToolRun run = await DemoAsync("--fs", fileSystem, "--front-end", frontEnd, "--rounds", $"{cuts}");

        Assert.True(run.ExitCode == 0, run.Everything);
        Assert.Contains("KEPT", run.Output, StringComparison.Ordinal);
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

    private async Task<ToolRun> DemoAsync(params string[] arguments)
    {
        await vm.RequireAsync();
        return await ToolRun.StartAsync(
            Repository.Tool("demo"), [.. arguments, "--seed", Seed, "--server", Repository.ServerProgram]);
    }
}
