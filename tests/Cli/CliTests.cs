using System.Text.Json;

namespace BlockEmu.Cli.Tests;

public sealed class CliTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("blockemu-cli-").FullName;
    private CliServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await CliServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Disks_are_a_table_for_people_and_the_servers_JSON_for_programs()
    {
        string table = (await _server.RunAsync("disks")).Is(ExitCodes.Fine).Output;
        Assert.Contains("disk0", table, StringComparison.Ordinal);
        Assert.Contains("random:0.5", table, StringComparison.Ordinal);
        JsonElement disk = Assert.Single((await _server.RunAsync("disks", "--json")).Is(ExitCodes.Fine).Json.GetProperty("disks").EnumerateArray());
        Assert.Equal(1 << 20, disk.GetProperty("size").GetInt64());
    }

    [Fact]
    public async Task What_can_change_is_set_for_what_comes_after()
    {
        string said = (await _server.RunAsync("disks", "set", "disk0", "awun=16K", "awupf=16K", "loss=lose-all", "seed=9")).Is(ExitCodes.Fine).Output;
        Assert.Equal("disk0: awun 16384, awupf 16384, loss lose-all, seed 9", said.Trim());
        Assert.Contains("16K", (await _server.RunAsync("disks")).Is(ExitCodes.Fine).Output, StringComparison.Ordinal);
        JsonElement disk = (await _server.RunAsync("disks", "set", "disk0", "nawun=32K", "nawupf=32K", "mam=off", "--json")).Is(ExitCodes.Fine).Json;
        Assert.Equal((16384, 32768), (disk.GetProperty("awupf").GetInt64(), disk.GetProperty("nawupf").GetInt64()));
        Assert.Contains("32K", (await _server.RunAsync("disks")).Is(ExitCodes.Fine).Output, StringComparison.Ordinal);
        Assert.Equal("lose-all", _server.Disk.Options.Loss.ToString());

        (await _server.RunAsync("disks", "set", "disk0", "seed=10", "awupf=1000")).Is(ExitCodes.Usage).Says("awupf");
        (await _server.RunAsync("disks", "set", "disk0", "size=2M")).Is(ExitCodes.Usage).Says("size");
        (await _server.RunAsync("disks", "set", "nope", "seed=1")).Is(ExitCodes.Usage).Says("nope");
        (await _server.RunAsync("disks", "set", "disk0", "seed")).Is(ExitCodes.Usage).Says("KEY=VALUE");
        (await _server.RunAsync("disks", "set", "disk0", "seed=1", "seed=2")).Is(ExitCodes.Usage).Says("seed is given twice");
        Assert.Equal(9UL, _server.Disk.Options.Seed);
    }

    [Fact]
    public async Task The_power_goes_and_comes()
    {
        _server.Write(0, 4096);
        JsonElement report = (await _server.RunAsync(
            "power", "cut", "disk0", "--seed", "3", "--loss", "lose-all", "--clients", "hang", "--json")).Is(ExitCodes.Fine).Json;
        Assert.Equal((3UL, "lose-all", 1), (
            report.GetProperty("seed").GetUInt64(), report.GetProperty("loss").GetString(), report.GetProperty("commandsLost").GetInt32()));
        JsonElement state = (await _server.RunAsync("power", "state", "disk0", "--json")).Is(ExitCodes.Fine).Json;
        Assert.Equal(("off", "hang"), (state.GetProperty("state").GetString(), state.GetProperty("clients").GetString()));
        Assert.Contains("judged again", (await _server.RunAsync("power", "recut", "disk0", "--seed", "4")).Is(ExitCodes.Fine).Output, StringComparison.Ordinal);
        Assert.Equal("disk0: on", (await _server.RunAsync("power", "on", "disk0")).Is(ExitCodes.Fine).Output.Trim());
        (await _server.RunAsync("power", "cycle", "disk0", "--off-ms", "0")).Is(ExitCodes.Fine);
        Assert.Equal("disk0: off", (await _server.RunAsync("power", "shutdown", "disk0")).Is(ExitCodes.Fine).Output.Trim());
    }

    [Fact]
    public async Task A_report_is_readable()
    {
        _server.Write(4096, 8192);
        string text = (await _server.RunAsync("power", "cut", "disk0", "--loss", "lose-all")).Is(ExitCodes.Fine).Output;
        Assert.Contains("report 1, cut 1", text, StringComparison.Ordinal);
        Assert.Contains("lost 1", text, StringComparison.Ordinal);
        Assert.Contains("4096+8192", text, StringComparison.Ordinal);
        Assert.Contains("lose-all", (await _server.RunAsync("reports")).Is(ExitCodes.Fine).Output, StringComparison.Ordinal);
        Assert.Contains("4096+8192", (await _server.RunAsync("reports", "disk0", "latest")).Is(ExitCodes.Fine).Output, StringComparison.Ordinal);
        JsonElement list = (await _server.RunAsync("reports", "disk0", "--json")).Is(ExitCodes.Fine).Json;
        Assert.Equal(1, list.GetProperty("reports").GetArrayLength());
    }

    [Fact]
    public async Task A_move_that_makes_no_sense_does_not_hold()
    {
        (await _server.RunAsync("power", "on", "disk0")).Is(ExitCodes.DoesNotHold).Says("disk0");
        (await _server.RunAsync("power", "recut", "disk0")).Is(ExitCodes.DoesNotHold);
    }

    [Fact]
    public async Task The_map_shows_three_stages()
    {
        _server.Write(4096, 4096);
        string table = (await _server.RunAsync("map", "disk0")).Is(ExitCodes.Fine).Output;
        Assert.Matches(@"4096\s+.?\s*4096\s+.?\s*cached\s+.?\s*yes\s+.?\s*yes\s+.?\s*-", table);
        Assert.Contains("--offset 4096", (await _server.RunAsync("map", "disk0", "--limit", "1")).Is(ExitCodes.Fine).Output, StringComparison.Ordinal);
        JsonElement map = (await _server.RunAsync("map", "disk0", "--offset", "4096", "--length", "4096", "--json")).Is(ExitCodes.Fine).Json;
        Assert.Equal("cached", Assert.Single(map.GetProperty("extents").EnumerateArray()).GetProperty("state").GetString());
        (await _server.RunAsync("map", "disk0", "--offset", "-1")).Is(ExitCodes.Usage).Says("offset");
    }

    [Fact]
    public async Task Marks_are_set_and_listed()
    {
        (await _server.RunAsync("marks", "disk0", "told the user")).Is(ExitCodes.Fine);
        Assert.Contains("told the user", (await _server.RunAsync("marks", "disk0")).Is(ExitCodes.Fine).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bundle_is_saved_and_judged_offline()
    {
        _server.Write(0, 65536);
        _server.Write(4096, 4096);
        (await _server.RunAsync("power", "cut", "disk0", "--seed", "9")).Is(ExitCodes.Fine);
        string file = Path.Combine(_folder, "report.bundle");
        (await _server.RunAsync("reports", "disk0", "latest", "--bundle", file)).Is(ExitCodes.Fine);
        Assert.Contains("holds", (await CliRun.RunAsync(["check", file])).Is(ExitCodes.Fine).Output, StringComparison.Ordinal);
        JsonElement verdict = (await CliRun.RunAsync(["check", file, "--json"])).Is(ExitCodes.Fine).Json;
        Assert.True(verdict.GetProperty("holds").GetBoolean());
        Assert.Equal("holds", verdict.GetProperty("replay").GetProperty("verdict").GetString());
    }

    [Fact]
    public async Task A_bundle_that_was_tampered_with_does_not_hold()
    {
        // All of the data is one byte: another value in the result is a block that no write explains.
        _server.Write(0, 4096);
        (await _server.RunAsync("power", "cut", "disk0", "--loss", "keep-all")).Is(ExitCodes.Fine);
        string file = Path.Combine(_folder, "report.bundle");
        (await _server.RunAsync("reports", "disk0", "1", "--bundle", file)).Is(ExitCodes.Fine);
        Tampering.ChangeResult(file);
        CliRun run = (await CliRun.RunAsync(["check", file])).Is(ExitCodes.DoesNotHold);
        Assert.Contains("DOES NOT HOLD", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_bundle_is_wrong_usage()
    {
        string file = Path.Combine(_folder, "other");
        await File.WriteAllTextAsync(file, "no bundle");
        (await CliRun.RunAsync(["check", file])).Is(ExitCodes.Usage).Says(file);
        (await CliRun.RunAsync(["check", file + "x"])).Is(ExitCodes.Usage).Says(file + "x");
    }

    [Theory]
    [InlineData("power cut")]
    [InlineData("power explode disk0")]
    [InlineData("power cut disk0 --seed x")]
    [InlineData("power cut disk0 --clients panic")]
    [InlineData("power on disk0 --seed 1")]
    [InlineData("check")]
    [InlineData("disks extra")]
    [InlineData("disks set")]
    [InlineData("disks set disk0")]
    [InlineData("nosuch")]
    [InlineData("disks --nosuch")]
    public async Task Wrong_usage_is_exit_2_and_one_line(string arguments) =>
        (await CliRun.RunAsync(arguments.Split(' '))).Is(ExitCodes.Usage).Says("blockemu: ");

    [Fact]
    public async Task What_the_server_finds_wrong_is_wrong_usage()
    {
        (await _server.RunAsync("power", "cut", "nope")).Is(ExitCodes.Usage).Says("nope");
        (await _server.RunAsync("power", "cut", "disk0", "--loss", "half")).Is(ExitCodes.Usage).Says("loss");
        (await _server.RunAsync("reports", "disk0", "7")).Is(ExitCodes.Usage).Says("no report");
    }

    [Fact]
    public async Task A_bundle_that_cannot_be_had_leaves_no_file()
    {
        string file = Path.Combine(_folder, "none.bundle");
        (await _server.RunAsync("reports", "disk0", "1", "--bundle", file)).Is(ExitCodes.Usage);
        (await _server.RunAsync("reports", "--bundle", file)).Is(ExitCodes.Usage).Says("--bundle");
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", ExitCodes.Unreachable)]
    [InlineData("unix:/nonexistent/socket", ExitCodes.Unreachable)]
    [InlineData("not a url", ExitCodes.Usage)]
    [InlineData("ftp://127.0.0.1", ExitCodes.Usage)]
    public async Task A_server_that_is_not_there_is_exit_3(string admin, int exit)
    {
        (await CliRun.RunAsync(["disks", "--admin", admin])).Is(exit).Says(admin);
        (await CliRun.RunAsync(["disks"], ("BLOCKEMU_ADMIN", admin))).Is(exit).Says(admin);
    }

    [Fact]
    public async Task The_token_comes_from_a_file()
    {
        await using CliServer locked = await CliServer.StartAsync(token: "0123456789abcdef");
        string file = Path.Combine(_folder, "token");
        await File.WriteAllTextAsync(file, "0123456789abcdef\n");
        (await locked.RunAsync("disks")).Is(ExitCodes.Usage).Says("Bearer");
        (await locked.RunAsync("disks", "--token-file", file)).Is(ExitCodes.Fine);
        (await CliRun.RunAsync(["disks", "--admin", locked.Admin], ("BLOCKEMU_TOKEN_FILE", file))).Is(ExitCodes.Fine);
        (await locked.RunAsync("disks", "--token-file", file + "x")).Is(ExitCodes.Usage).Says("--token-file");
    }

    [Fact]
    public async Task Help_and_version_are_fine()
    {
        Assert.Contains("power", (await CliRun.RunAsync(["--help"])).Is(ExitCodes.Fine).Output, StringComparison.Ordinal);
        (await CliRun.RunAsync(["power", "cut", "--help"])).Is(ExitCodes.Fine);
        (await CliRun.RunAsync(["--version"])).Is(ExitCodes.Fine);
    }
}
