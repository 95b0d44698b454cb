using System.Text.Json;

namespace BlockEmu.Cli.Tests.Probe;

/// <summary><c>blockemu probe</c> as a program: consent, output, expectations, wrong usage.</summary>
public sealed class ProbeTests : IAsyncLifetime
{
    private static readonly string[] s_short = ["--seconds", "0.05", "--span", "1M", "--largest", "16K", "--largest-cut", "16K", "--cuts", "2"];

    private readonly string _file = Path.GetTempFileName();
    private CliServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await CliServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        File.Delete(_file);
    }

    [Fact]
    public async Task Nothing_is_overwritten_without_consent()
    {
        (await _server.RunAsync("probe", _server.Nbd)).Is(ExitCodes.Usage).Says("--destroy-data");
        Assert.All(_server.Read(0, 4096), b => Assert.Equal(0, b));
    }

    [Fact]
    public async Task Only_the_span_is_overwritten()
    {
        _server.Write(512 << 10, 4096);
        (await RunAsync("--destroy-data", "--span", "512K")).Is(ExitCodes.Fine);
        Assert.All(_server.Read(512 << 10, 4096), b => Assert.Equal(1, b));
        Assert.All(_server.Read((512 << 10) + 4096, (512 << 10) - 4096), b => Assert.Equal(0, b));
    }

    [Fact]
    public async Task Answers_are_a_table_for_people_and_JSON_for_programs()
    {
        string table = (await RunAsync("--destroy-data")).Is(ExitCodes.Fine).Output;
        Assert.Contains("Do readers run beside writers?", table, StringComparison.Ordinal);
        Assert.Contains("untested", table, StringComparison.Ordinal);
        Assert.DoesNotContain("impossible", table, StringComparison.OrdinalIgnoreCase);
        JsonElement json = (await RunAsync("--destroy-data", "--disk", "disk0", "--seed", "5", "--json")).Is(ExitCodes.Fine).Json;
        Assert.Equal((5UL, 2), (json.GetProperty("seed").GetUInt64(), json.GetProperty("cuts").GetInt32()));
        Assert.Equal("honoured", json.GetProperty("answers").GetProperty("flush").GetString());
        Assert.Equal(JsonValueKind.Number, json.GetProperty("answers").GetProperty("readUnitBytes").ValueKind);
        Assert.Equal(6, json.GetProperty("reads").GetArrayLength());
        Assert.Contains("tries", json.GetProperty("evidence").GetProperty("readUnitBytes").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_difference_is_named_and_is_exit_1()
    {
        await File.WriteAllTextAsync(_file, """{ "unfinishedWrite": "yes", "flush": "untested", "readBoundaryBytes": { "atLeast": 1 } }""");
        CliRun run = (await RunAsync("--destroy-data", "--expect", _file)).Is(ExitCodes.DoesNotHold);
        Assert.Contains("NOT AS EXPECTED", run.Output, StringComparison.Ordinal);
        Assert.Contains("unfinishedWrite: expected \"yes\", found \"not seen\"", run.Output, StringComparison.Ordinal);
        Assert.Contains("readBoundaryBytes: expected { \"atLeast\": 1 }", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("flush: expected", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_earlier_report_can_be_the_expectation()
    {
        await File.WriteAllTextAsync(_file, """{ "answers": { "unfinishedWrite": "not seen" } }""");
        JsonElement json = (await RunAsync("--destroy-data", "--expect", _file, "--json")).Is(ExitCodes.Fine).Json;
        Assert.True(json.GetProperty("asExpected").GetBoolean());
    }

    [Theory]
    [InlineData("""{ "nosuch": 1 }""", "nosuch")]
    [InlineData("""{ "readUnitBytes": { "least": 1 } }""", "least")]
    [InlineData("""{ "flush": true }""", "true")]
    [InlineData("{}", "no JSON object")]
    [InlineData("[", "no JSON")]
    public async Task A_wrong_expectation_is_wrong_usage(string text, string part)
    {
        await File.WriteAllTextAsync(_file, text);
        (await RunAsync("--destroy-data", "--expect", _file)).Is(ExitCodes.Usage).Says(part).Says("--expect");
    }

    [Theory]
    [InlineData("--seconds 0", "--seconds")]
    [InlineData("--largest 3K", "--largest")]
    [InlineData("--largest-cut 1G", "--largest-cut")]
    [InlineData("--span x", "--span")]
    [InlineData("--cuts 0", "--cuts")]
    [InlineData("--connections 0", "--connections")]
    [InlineData("--cut-command true", "--restore-command")]
    [InlineData("--disk disk0 --cut-command true --restore-command true", "--disk")]
    [InlineData("--cut-command false --restore-command true", "--cut-command")]
    [InlineData("--span 1K", "no room")]
    public async Task Wrong_usage_is_exit_2_and_one_line(string arguments, string part) =>
        (await RunAsync(["--destroy-data", .. arguments.Split(' ')])).Is(ExitCodes.Usage).Says(part);

    [Fact]
    public async Task A_server_that_is_not_there_is_exit_3() =>
        (await CliRun.RunAsync(["probe", "nbd://127.0.0.1:1", "--destroy-data"])).Is(ExitCodes.Unreachable).Says("127.0.0.1:1");

    /// <summary>What is given again stands for what was given before.</summary>
    private Task<CliRun> RunAsync(params string[] arguments)
    {
        List<string> rest = [.. s_short];
        foreach (string name in arguments.Where(a => rest.Contains(a)))
        {
            rest.RemoveRange(rest.IndexOf(name), 2);
        }

        return _server.RunAsync(["probe", _server.Nbd, .. rest, .. arguments]);
    }
}
