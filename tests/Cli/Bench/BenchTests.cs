using System.Text.Json;
using BlockEmu.Device;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Cli.Tests.Bench;

/// <summary><c>blockemu bench</c> against a server of this process.</summary>
public sealed class BenchTests : IAsyncLifetime
{
    private static readonly string[] s_short = ["--seconds", "0.02", "--warm-up", "0", "--rounds", "1"];

    private CliServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await CliServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Every_case_is_measured_and_shown()
    {
        string table = (await RunAsync("--destroy-data", "--fill")).Is(ExitCodes.Fine).Output;
        string[] names =
        [
            "r4k-qd1", "w4k-qd1", "w4k-qd1-fua", "r4k-qd32", "w4k-qd32", "w4k-qd32-fl", "mix4c-qd8", "sr64k-qd8", "sw64k-qd8", "sr1m-qd4", "sw1m-qd4",
        ];
        Assert.All(names, name => Assert.Contains($"  {name} ", table, StringComparison.Ordinal));
        Assert.Contains($"A = {_server.Nbd}", table, StringComparison.Ordinal);
        Assert.True(_server.Disk.GetStatistics().FuaWrites > 0, "no FUA went over the wire");
    }

    [Fact]
    public async Task Programs_get_figures_for_each_case_and_target()
    {
        JsonElement json = (await RunAsync("--cases", "r4k-qd32,sr64k-qd8", "--json", "--vs", _server.Nbd, "--rounds", "2", "--seed", "5"))
            .Is(ExitCodes.Fine).Json;
        Assert.Equal((2, 5, 0.02), (
            json.GetProperty("rounds").GetInt32(), json.GetProperty("seed").GetInt32(), json.GetProperty("seconds").GetDouble()));
        JsonElement[] cases = [.. json.GetProperty("cases").EnumerateArray()];
        Assert.Equal(["r4k-qd32 iops", "sr64k-qd8 megabytesPerSecond"], cases.Select(c => $"{c.GetProperty("case")} {c.GetProperty("rateIs")}"));
        JsonElement[] targets = [.. cases[0].GetProperty("targets").EnumerateArray()];
        Assert.Equal([false, true], targets.Select(t => t.TryGetProperty("firstToThis", out _)));
        Assert.All(targets, t =>
        {
            JsonElement latency = t.GetProperty("latencyMicroseconds");
            double[] ascending = [.. new[] { "p50", "p99", "p99.9" }.Select(q => latency.GetProperty(q).GetDouble()), double.MaxValue];
            Assert.Equal(ascending.Order(), ascending);
            Assert.True(ascending[0] > 0, $"{t}");
            Assert.Equal(2, t.GetProperty("rates").GetArrayLength());
            Assert.Equal(0, t.GetProperty("errors").GetInt32());
            Assert.InRange(t.GetProperty("iops").GetDouble(), 1, double.MaxValue);
            Assert.Equal(t.GetProperty("iops").GetDouble() * 4096 / 1e6, t.GetProperty("megabytesPerSecond").GetDouble(), 1e-3);
        });
    }

    [Fact]
    public async Task A_case_of_ones_own_does_what_it_says()
    {
        JsonElement result = (await RunAsync(
            "--destroy-data", "--block", "8K", "--depth", "4", "--connections", "2", "--read", "0", "--sequential", "--flush-every", "8", "--json"))
            .Is(ExitCodes.Fine).Json.GetProperty("cases")[0];
        Assert.Equal(("own", 8192, 4, 2), (
            result.GetProperty("case").GetString(), result.GetProperty("blockBytes").GetInt32(), result.GetProperty("depth").GetInt32(),
            result.GetProperty("connections").GetInt32()));
        JsonElement target = result.GetProperty("targets")[0];
        (long operations, long flushes) = (target.GetProperty("operations").GetInt64(), target.GetProperty("flushes").GetInt64());
        Assert.InRange(operations, 1, long.MaxValue);
        // Each of two connections may have a flush or some writes on the way at either end.
        Assert.InRange((flushes * 8) - operations, -40, 40);
    }

    [Fact]
    public async Task Nothing_behind_the_span_is_touched_and_what_is_before_it_is()
    {
        (await RunAsync("--destroy-data", "--span", "256K", "--block", "64K", "--read", "0", "--depth", "2")).Is(ExitCodes.Fine);
        byte[] content = new byte[1 << 20];
        Assert.Equal(DiskStatus.Ok, _server.Disk.Read(_server.Disk.PowerEpoch, 0, content));
        Assert.False(content.AsSpan(0, 256 << 10).IndexOfAnyExcept((byte)0) < 0, "the span was written");
        Assert.True(content.AsSpan(256 << 10).IndexOfAnyExcept((byte)0) < 0, "the rest was not");
    }

    [Fact]
    public async Task Without_consent_nothing_is_written()
    {
        (await RunAsync()).Is(ExitCodes.Usage).Says("--destroy-data");
        (await RunAsync("--fill", "--cases", "r4k-qd1")).Is(ExitCodes.Usage).Says("--destroy-data");
        (await RunAsync("--read", "99")).Is(ExitCodes.Usage).Says("--destroy-data");
        Assert.Equal(0, _server.Disk.GetStatistics().NewestSequence);
    }

    [Fact]
    public async Task Structured_replies_are_measured_too() =>
        (await RunAsync("--structured", "--fill", "--destroy-data", "--cases", "r4k-qd1,w4k-qd32-fl,mix4c-qd8,sr1m-qd4")).Is(ExitCodes.Fine);

    [Fact]
    public async Task A_mix_that_fills_both_directions_does_not_stand_still() =>
        (await RunAsync("--destroy-data", "--block", "1M", "--depth", "16", "--read", "50", "--seconds", "0.2")).Is(ExitCodes.Fine);

    [Fact]
    public async Task A_disk_without_power_is_an_error_and_not_a_figure()
    {
        _server.Disk.Cut();
        (await RunAsync("--cases", "r4k-qd1")).Is(ExitCodes.Unreachable).Says(_server.Nbd);
    }

    [Fact]
    public async Task A_disk_that_loses_power_under_load_ends_it()
    {
        Task<CliRun> run = Task.Run(() => RunAsync("--destroy-data", "--read", "0", "--seconds", "600"));
        Assert.True(
            SpinWait.SpinUntil(() => _server.Disk.GetStatistics().NewestSequence > 0 || run.IsCompleted, Pace.Seconds(60)), "nothing came");
        _server.Disk.Cut();
        (await run).Is(ExitCodes.Unreachable).Says(_server.Nbd);
    }

    private Task<CliRun> RunAsync(params string[] arguments) =>
        CliRun.RunAsync(["bench", _server.Nbd, .. s_short.Where((_, i) => !arguments.Contains(s_short[i / 2 * 2])), .. arguments]);
}
