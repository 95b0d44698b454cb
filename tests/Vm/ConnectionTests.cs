namespace BlockEmu.Vm.Tests;

/// <summary>The kernel's client with four connections, and what it makes of flush and FUA; all in one boot.</summary>
public sealed class ConnectionTests(ConnectionChecks guest) : IClassFixture<ConnectionChecks>
{
    [Fact]
    public Task Nbd_client_lists_every_export() => guest.AssertOkAsync("list");

    [Theory]
    [InlineData(512)]    // with -connections 4
    [InlineData(4096)]   // with -C 4
    public async Task The_kernel_attaches_with_a_queue_for_each_connection(int block)
    {
        await guest.AssertOkAsync($"attach {block}");
        await guest.AssertOkAsync($"queues {block}");
        await guest.AssertOkAsync($"detach {block}");
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public Task The_kernel_sees_cache_FUA_and_discards_and_zeroes_beyond_1_GiB(int block) => guest.AssertOkAsync($"limits {block}");

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public Task What_one_connection_wrote_another_one_reads(int block) => guest.AssertOkAsync($"ranges {block}");

    [Theory]
    [InlineData("ext4", 512)]
    [InlineData("xfs", 4096)]
    public Task Four_writers_fill_a_file_system_that_is_whole_afterwards(string fileSystem, int block) =>
        guest.AssertOkAsync($"{fileSystem} {block}");

    // Ten fsyncs, so ten commits of ext4's journal: each is one write with PREFLUSH and FUA to the kernel's block layer.
    [Fact]
    public async Task F11_a_journal_commit_arrives_as_a_FLUSH_that_is_answered_and_then_a_WRITE_with_FUA()
    {
        await guest.AssertOkAsync("commits");

        int commits = guest.Log.Zip(guest.Log.Skip(1)).Count(pair =>
            IsAnswer(pair.First) && pair.First.Contains("...Flush ", StringComparison.Ordinal) && IsFuaWrite(pair.Second));
        Assert.True(commits >= 10, $"{commits} commits\n{string.Join('\n', guest.Log)}");
    }

    [Fact]
    public async Task The_servers_metrics_count_the_flushes_and_FUA_writes_that_the_kernel_sent()
    {
        await guest.AssertOkAsync("commits");

        int flushes = guest.Log.Count(line => !IsAnswer(line) && line.Contains(" Flush ", StringComparison.Ordinal));
        Assert.Contains(
            $"blockemu_requests_total{{disk=\"journal\",front_end=\"nbd\",op=\"flush\",result=\"ok\"}} {flushes}\n", guest.Metrics, StringComparison.Ordinal);
        Assert.Contains(
            $"blockemu_fua_requests_total{{disk=\"journal\",front_end=\"nbd\",op=\"write\"}} {guest.Log.Count(IsFuaWrite)}\n",
            guest.Metrics, StringComparison.Ordinal);
    }

    // Its TLS is GnuTLS in a process between the server and the kernel.
    [Fact]
    public async Task L5_nbd_client_attaches_a_TLS_only_disk_with_TLS_and_not_without()
    {
        await guest.AssertOkAsync("secret is hidden");
        await guest.AssertOkAsync("secret with TLS");
    }

    private static bool IsAnswer(string line) => line.Contains(" return=", StringComparison.Ordinal);

    private static bool IsFuaWrite(string line) =>
        line.Contains(" Write ", StringComparison.Ordinal) && line.Contains(" fua=1 ", StringComparison.Ordinal);
}
