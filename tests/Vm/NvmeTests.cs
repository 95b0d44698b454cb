namespace BlockEmu.Vm.Tests;

/// <summary>What every kernel makes of a disk over NVMe/TCP; all in one boot.</summary>
public abstract class NvmeTests
{
    private protected NvmeTests(NvmeChecks guest) => Guest = guest;

    private protected NvmeChecks Guest { get; }

    [Theory]
    [InlineData("discover")]
    [InlineData("id-ctrl")]
    [InlineData("id-ns")]
    [InlineData("smart-log")]
    [InlineData("logs")]
    [InlineData("flush")]
    [InlineData("write-zeroes")]
    [InlineData("dsm")]
    [InlineData("compare")]
    [InlineData("verify")]
    [InlineData("write-uncor")]
    [InlineData("copy")]
    [InlineData("write cache")]
    [InlineData("reset")]
    [InlineData("disconnect")]
    public Task A_command_of_nvme_cli_does_what_it_says(string command) => Guest.AssertOkAsync(command);

    [Theory]
    [InlineData("1 queue")]
    [InlineData("4 queues and digests")]
    [InlineData("4096-byte blocks and digests")]
    public Task The_kernel_connects_and_what_one_queue_wrote_another_one_reads(string how) => Guest.AssertOkAsync($"connect with {how}");

    [Theory]
    [InlineData("ext4", 512)]
    [InlineData("ext4", 4096)]
    [InlineData("xfs", 512)]
    [InlineData("xfs", 4096)]
    [InlineData("btrfs", 512)]
    [InlineData("btrfs", 4096)]
    public Task A_file_system_is_made_filled_checked_and_read_again(string fileSystem, int block) =>
        Guest.AssertOkAsync($"{fileSystem} {block}");

    // The script has the numbers. From 48K on Linux (7.2) drops the limits, or the namespace; our server has said so when it started.
    [Theory]
    [InlineData("512")]
    [InlineData("12K")]
    [InlineData("16K")]
    [InlineData("64K of 4096")]
    [InlineData("2M")]
    [InlineData("boundary")]
    [InlineData("boundary of 48K")]
    [InlineData("nabo")]
    [InlineData("noiob")]
    [InlineData("npwg")]
    public Task The_block_layer_shows_the_unit_that_was_configured(string disk) => Guest.AssertOkAsync($"limits {disk}");

    [Theory]
    [InlineData("refused without limits")]
    [InlineData("atomic on the device")]
    [InlineData("atomic on a partition")]
    [InlineData("atomic on a partition with small physical blocks")]
    [InlineData("atomic ext4")]
    [InlineData("atomic xfs")]
    [InlineData("atomic btrfs")]
    [InlineData("atomic ext4 on 512")]
    public Task RWF_ATOMIC_succeeds_and_fails_as_Linux_does_on_such_a_device(string where) => Guest.AssertOkAsync(where);

    [Fact]
    public Task A_host_follows_a_unit_that_changes_while_it_is_connected() => Guest.AssertOkAsync("atomic limits follow a change");

    [Fact]
    public Task The_kernel_had_nothing_to_complain_of_before_the_power_went() => Guest.AssertOkAsync("kernel log");

    [Fact]
    public Task At_a_power_cut_a_host_loses_the_device_and_finds_what_it_synced_when_it_connects_anew() => Guest.AssertOkAsync("power cut");

    [Fact]
    public Task A_host_that_did_not_see_the_power_fail_is_refused_once() => Guest.AssertOkAsync("power cycle");

    [Fact]
    public Task A_host_carries_on_where_reconnect_was_asked_for_by_name() => Guest.AssertOkAsync("power cycle with reconnect");
}
