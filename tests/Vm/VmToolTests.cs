namespace BlockEmu.Vm.Tests;

/// <summary><c>tools/vm</c> as its users call it.</summary>
public sealed class VmToolTests(VmImage vm)
{
    [Fact]
    public async Task A_commands_output_errors_and_exit_status_come_back()
    {
        ToolRun run = await vm.RunAsync("uname -s; echo complaint >&2; exit 7");

        Assert.True(run.ExitCode == 7, run.Everything);
        Assert.Equal("Linux\n", run.Output);
        Assert.Equal("complaint\n", run.Errors);
    }

    [Fact]
    public async Task A_guest_that_ends_without_a_status_is_told_from_one_that_failed()
    {
        ToolRun run = await vm.RunAsync("echo before; reboot -f");

        Assert.True(run.ExitCode == 125, run.Everything);
        Assert.Equal("before\n", run.Output);
    }

    [Fact]
    public async Task A_second_build_finds_the_first_ones_work()
    {
        await vm.RequireAsync();

        ToolRun build = await ToolRun.StartAsync(Repository.Tool("vm/build"));

        Assert.True(build.ExitCode == 0, build.Everything);
        Assert.Contains("up to date", build.Errors, StringComparison.Ordinal);
    }
}
