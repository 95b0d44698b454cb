using System.Diagnostics;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Metrics;

public sealed class MetricsTests
{
    private const string HostileName = "a\\b\"c d{}=,\u00e9";

    [Fact]
    public async Task Promtool_finds_nothing_to_say()
    {
        string promtool = Tool.Find("promtool");
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M");
        await FillWithEverythingAsync(server);
        string text = (await server.GetAsync("/metrics")).Text;
        using Process process = Process.Start(new ProcessStartInfo(promtool, ["check", "metrics"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        await process.StandardInput.WriteAsync(text);
        process.StandardInput.Close();
        string said = await process.StandardError.ReadToEndAsync() + await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0 && said.Length == 0, said + text);
    }

    [Fact]
    public async Task Every_promised_metric_is_there()
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M");
        await FillWithEverythingAsync(server);
        Answer answer = await server.GetAsync("/metrics");
        Assert.Equal("text/plain", answer.ContentType);
        Assert.Contains("version=0.0.4", answer.Response.Content.Headers.ContentType!.ToString(), StringComparison.Ordinal);
        Dictionary<string, double> samples = Parse(answer.Text);
        Assert.Equal(1, samples["""blockemu_requests_total{disk="disk0",front_end="nbd",op="write",result="ok"}"""]);
        Assert.Equal(1, samples["""blockemu_requests_total{disk="disk0",front_end="nbd",op="read",result="error"}"""]);
        Assert.Equal(1, samples["""blockemu_requests_total{disk="disk0",front_end="nbd",op="block_status",result="ok"}"""]);
        Assert.Equal(4096, samples["""blockemu_request_bytes_total{disk="disk0",front_end="nbd",op="write"}"""]);
        Assert.Equal(1, samples["""blockemu_fua_requests_total{disk="disk0",front_end="nbd",op="write"}"""]);
        Assert.Equal(3, samples["""blockemu_requests_in_flight{disk="disk0",front_end="nbd"}"""]);
        Assert.Equal(1, samples["""blockemu_connections{disk="disk0"}"""]);
        Assert.Equal(8192, samples["""blockemu_cached_bytes{disk="disk0"}"""]);
        Assert.Equal(2, samples["""blockemu_pending_atoms{disk="disk0"}"""]);
        Assert.Equal(3, samples["""blockemu_visible_sequence{disk="disk0"}"""]);
        Assert.Equal(3, samples["""blockemu_cached_sequence{disk="disk0"}"""]);
        Assert.Equal(1, samples["""blockemu_persistent_sequence{disk="disk0"}"""]);
        Assert.Equal(1, samples["""blockemu_power_on{disk="disk0"}"""]);
        Assert.Equal(1, samples["""blockemu_cuts_total{disk="disk0",loss="lose-all"}"""]);
        Assert.Equal(0, samples["""blockemu_cuts_total{disk="disk0",loss="random"}"""]);
        Assert.Equal(1, samples["""blockemu_recuts_total{disk="disk0"}"""]);
        Assert.Equal(1, samples["""blockemu_cut_atoms_lost_total{disk="disk0"}"""]);
        Assert.Equal(1, samples["""blockemu_protocol_errors_total{front_end="nbd",kind="bad_magic"}"""]);
        string[] names =
        [
            "blockemu_size_bytes", "blockemu_persistent_bytes", "blockemu_destaged_bytes_total", "blockemu_flushes_total", "blockemu_fua_writes_total",
            "blockemu_cut_atoms_kept_total", "blockemu_cut_commands_torn_total", "blockemu_arena_bytes", "blockemu_pending_commands",
            "blockemu_full_cache_writes_total", "blockemu_build_info", "blockemu_process_cpu_seconds_total", "blockemu_process_resident_memory_bytes",
            "blockemu_process_start_time_seconds", "blockemu_process_threads", "blockemu_gc_collections_total", "blockemu_gc_heap_bytes",
        ];
        Assert.All(names, name => Assert.Contains(samples.Keys, k => k == name || k.StartsWith(name + "{", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_histogram_adds_up()
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M");
        ConnectionMeter meter = server.Control().Served.Meter.Open("nbd");
        foreach (int microseconds in (int[])[1, 5, 6, 999, 5_000_001])
        {
            meter.Record(DiskOperation.Flush, succeeded: true, fua: false, 0, microseconds * Stopwatch.Frequency / 1_000_000);
        }

        Dictionary<string, double> samples = Parse((await server.GetAsync("/metrics")).Text);
        const string Labels = "disk=\"disk0\",front_end=\"nbd\",op=\"flush\"";
        Assert.Equal(2, samples[$"blockemu_request_duration_seconds_bucket{{{Labels},le=\"5E-06\"}}"]);
        Assert.Equal(3, samples[$"blockemu_request_duration_seconds_bucket{{{Labels},le=\"1E-05\"}}"]);
        Assert.Equal(4, samples[$"blockemu_request_duration_seconds_bucket{{{Labels},le=\"0.001\"}}"]);
        Assert.Equal(4, samples[$"blockemu_request_duration_seconds_bucket{{{Labels},le=\"5\"}}"]);
        Assert.Equal(5, samples[$"blockemu_request_duration_seconds_bucket{{{Labels},le=\"+Inf\"}}"]);
        Assert.Equal(5, samples[$"blockemu_request_duration_seconds_count{{{Labels}}}"]);
        Assert.Equal(5.001012, samples[$"blockemu_request_duration_seconds_sum{{{Labels}}}"], 6);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a\\b", @"a\\b")]
    [InlineData("a\"b", "a\\\"b")]
    [InlineData("a\nb", @"a\nb")]
    public void Label_values_are_escaped(string value, string escaped) => Assert.Equal(escaped, ExpositionText.Escape(value));

    [Fact]
    public async Task Two_servers_in_one_process_keep_their_own_numbers()
    {
        await using TestServer one = await TestServer.StartAsync("--disk", "name=one,size=1M");
        await using TestServer two = await TestServer.StartAsync("--disk", "name=two,size=1M");
        Assert.DoesNotContain("\"two\"", (await one.GetAsync("/metrics")).Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"one\"", (await two.GetAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    private static async Task FillWithEverythingAsync(TestServer server)
    {
        string name = System.Text.Json.JsonSerializer.Serialize(HostileName);
        (await server.PostAsync("/api/v1/disks", $$"""{"name":{{name}},"size":"1M"}""")).IsOk(201);
        server.Fill(0, 512, 1);
        (await server.PostAsync("/api/v1/disks/disk0/power/cut", """{"loss":"lose-all"}""")).IsOk();
        (await server.PostAsync("/api/v1/disks/disk0/power/recut")).IsOk();
        (await server.PostAsync("/api/v1/disks/disk0/power/on")).IsOk();
        server.Fill(0, 4096, 1);
        server.Fill(4096, 4096, 1);
        ConnectionMeter meter = server.Control().Served.Meter.Open("nbd");
        meter.Record(DiskOperation.Write, succeeded: true, fua: true, 4096, 1000);
        meter.Record(DiskOperation.Read, succeeded: false, fua: false, 4096, 1000);
        meter.Record(DiskOperation.BlockStatus, succeeded: true, fua: false, 0, 1000);
        meter.InFlight = 3;
        server.Host.ProtocolErrors.Count("nbd", "bad_magic");
    }

    private static Dictionary<string, double> Parse(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(l => !l.StartsWith('#'))
        .ToDictionary(
            l => l[..l.LastIndexOf(' ')],
            l => l.EndsWith("+Inf", StringComparison.Ordinal) ? double.PositiveInfinity : double.Parse(l[(l.LastIndexOf(' ') + 1)..]),
            StringComparer.Ordinal);
}
