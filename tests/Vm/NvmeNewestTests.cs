namespace BlockEmu.Vm.Tests;

/// <summary>With the newest kernel, whose file systems have <c>RWF_ATOMIC</c>.</summary>
public sealed class NvmeNewestTests(NvmeNewestChecks guest) : NvmeTests(guest), IClassFixture<NvmeNewestChecks>
{
    [Theory]
    [InlineData("atomic ext4 1k")]
    [InlineData("atomic ext4 bigalloc 16k")]
    [InlineData("atomic ext4 bigalloc 64k")]
    [InlineData("atomic xfs 1k")]
    [InlineData("atomic xfs 16k")]
    [InlineData("atomic xfs without reflink")]
    [InlineData("atomic xfs on 512")]
    public Task RWF_ATOMIC_on_files_succeeds_and_fails_by_their_blocks_and_clusters(string where) => Guest.AssertOkAsync(where);
}
