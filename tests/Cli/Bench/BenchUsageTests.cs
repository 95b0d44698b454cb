namespace BlockEmu.Cli.Tests.Bench;

/// <summary>What <c>blockemu bench</c> does not take, before it connects anywhere.</summary>
public sealed class BenchUsageTests
{
    [Theory]
    [InlineData("--cases nosuch", "nosuch")]
    [InlineData("--cases r4k-qd1 --depth 4", "--depth")]
    [InlineData("--block 0", "--block")]
    [InlineData("--block 65M", "--block")]
    [InlineData("--depth 0", "--depth")]
    [InlineData("--depth 4097", "--depth")]
    [InlineData("--connections 257", "--connections")]
    [InlineData("--read 101", "--read")]
    [InlineData("--fua", "--fua")]
    [InlineData("--flush-every 8", "--flush-every")]
    [InlineData("--read 0 --destroy-data --flush-every 0", "--flush-every")]
    [InlineData("--depth 2 --seconds 0", "--seconds")]
    [InlineData("--depth 2 --seconds nan", "--seconds")]
    [InlineData("--depth 2 --warm-up -1", "--warm-up")]
    [InlineData("--depth 2 --rounds 0", "--rounds")]
    [InlineData("--depth 2 --span 1Q", "--span")]
    [InlineData("--depth 2 http://127.0.0.1", "http://127.0.0.1")]
    [InlineData("--depth 2 127.0.0.1:10809", "127.0.0.1:10809")]
    [InlineData("--depth 2 nbd:///disk0", "no host")]
    [InlineData("--depth 2 nbd+unix:///disk0", "socket=PATH")]
    [InlineData("--depth 2 nbd://127.0.0.1/disk0?socket=/run/x", "nbd+unix")]
    [InlineData("--depth 2 nbd://127.0.0.1/disk0?verify=no", "verify")]
    [InlineData("--depth 2 --vs other:", "other:")]
    public async Task Wrong_usage_names_what_is_wrong(string arguments, string part) =>
        (await CliRun.RunAsync(["bench", .. arguments.Split(' ')])).Is(ExitCodes.Usage).Says(part);

    [Theory]
    [InlineData("nbd://127.0.0.1:1/x")]
    [InlineData("nbd+unix:///x?socket=/nonexistent/socket")]
    public async Task A_server_that_is_not_there_is_exit_3(string at) =>
        (await CliRun.RunAsync(["bench", at, "--cases", "r4k-qd1"])).Is(ExitCodes.Unreachable).Says(at);
}
