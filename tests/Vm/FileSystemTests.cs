namespace BlockEmu.Vm.Tests;

/// <summary>A real kernel on the disk, with both block sizes; all in one boot.</summary>
public sealed class FileSystemTests(FileSystemChecks guest) : IClassFixture<FileSystemChecks>
{
    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public Task The_kernel_attaches_and_detaches_with_the_disks_block_size(int block) =>
        AllAsync($"attach {block}", $"detach {block}");

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public Task The_kernel_sees_a_volatile_write_cache_with_FUA(int block) => AllAsync($"cache {block}");

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public Task Direct_writes_of_one_block_up_to_many_requests_read_back(int block) => AllAsync($"direct {block}");

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public Task Discarded_and_zeroed_ranges_read_as_zeroes(int block) => AllAsync($"trim {block}", $"zeroes {block}");

    [Theory]
    [InlineData("ext4", 512)]
    [InlineData("ext4", 4096)]
    [InlineData("xfs", 512)]
    [InlineData("xfs", 4096)]
    [InlineData("btrfs", 512)]
    [InlineData("btrfs", 4096)]
    public Task A_file_system_is_made_filled_checked_and_read_again(string fileSystem, int block) =>
        AllAsync($"{fileSystem} {block}");

    private async Task AllAsync(params string[] checks)
    {
        foreach (string check in checks)
        {
            await guest.AssertOkAsync(check);
        }
    }
}
