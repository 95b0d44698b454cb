using System.Globalization;

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

    /// <summary>The kernels, and what a version's first number must at least be.</summary>
    public static TheoryData<string, int> Kernels => new() { { VmImage.Stable, 6 }, { VmImage.Newest, 7 } };

    [Theory]
    [MemberData(nameof(Kernels))]
    public async Task Each_kernel_has_NVMe_over_TCP_both_ways_and_the_writer_of_atomic_writes(string kernel, int version)
    {
        ToolRun run = await vm.RunOnAsync(
            kernel, "uname -r; modprobe -a nvme-tcp nvmet-tcp null_blk && nvme version > /dev/null && atomic-writer limits /dev/nullb0");

        Assert.True(run.ExitCode == 0, run.Everything);
        Assert.True(int.Parse(run.Output.Split('.')[0], CultureInfo.InvariantCulture) >= version, run.Everything);
        Assert.EndsWith("unit_min 0 unit_max 0 unit_max_opt 0 segments_max 0\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kernel_that_there_is_not_is_refused_by_name()
    {
        ToolRun run = await ToolRun.StartAsync(Repository.Tool("vm/build"), "--kernel", "oldest");

        Assert.True(run.ExitCode == 2, run.Everything);
        Assert.Contains("--kernel: there is no 'oldest'", run.Errors, StringComparison.Ordinal);
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
