using System.Globalization;
using System.Text.Json;
using BlockEmu.Cli;

namespace BlockEmu.Bench.Growth;

/// <summary>The server's throughput by connections, queue depth and cache, measured over TCP by <c>blockemu bench</c>.</summary>
internal sealed class ServerTable(TextWriter output, int rounds, double seconds)
{
    private const double MiB = 1 << 20;

    private static readonly string[] s_connections = ["1", "2", "4", "8"];
    private static readonly string[] s_depths = ["1", "2", "4", "8", "16", "32", "64", "128"];
    private static readonly string[] s_caches = ["1M", "16M", "64M", "256M", "1G", "4G"];
    private static readonly string[] s_quantiles = ["p50", "p99", "p99.9"];
    private static readonly (string What, string Read)[] s_directions = [("reads", "100"), ("writes", "0")];

    public async Task PrintAsync()
    {
        using (GrowthServer server = GrowthServer.Start("64M"))
        {
            Say($"RSS at start: {server.RssBytes / MiB:F1} MiB");
            Say($"");
            Header("4 KiB, QD 8 each, 70 % reads: connections");
            foreach (string connections in s_connections)
            {
                await RowAsync(server, connections, "--connections", connections, "--depth", "8", "--read", "70");
            }

            foreach ((string what, string read) in s_directions)
            {
                Say($"");
                Header($"4 KiB {what}: queue depth");
                foreach (string depth in s_depths)
                {
                    await RowAsync(server, depth, "--depth", depth, "--read", read);
                }
            }
        }

        Say($"");
        Header("4 KiB writes, QD 32, over 2 GiB: cache");
        foreach (string cache in s_caches)
        {
            await CacheRowAsync(cache);
        }
    }

    private async Task CacheRowAsync(string cache)
    {
        using GrowthServer server = GrowthServer.Start(cache);
        await RowAsync(server, cache, "--depth", "32", "--read", "0", "--span", "2G");
    }

    private void Header(string title)
    {
        Say($"| {title} | IOPS | MB/s | p50, us | p99, us | p99.9, us | server CPU, us each | RSS, MiB |");
        Say($"| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    }

    private async Task RowAsync(GrowthServer server, string label, params string[] load)
    {
        using StringWriter json = new();
        using StringWriter errors = new();
        string[] arguments =
        [
            "bench", server.Nbd, "--destroy-data", "--json", "--warm-up", "0", "--rounds", $"{rounds}",
            "--seconds", seconds.ToString(CultureInfo.InvariantCulture), .. load,
        ];
        TimeSpan cpuBefore = server.CpuTime;
        if (await CliProgram.RunAsync(arguments, json, errors, static _ => null) != ExitCodes.Fine)
        {
            throw new InvalidOperationException(errors.ToString());
        }

        using JsonDocument document = JsonDocument.Parse(json.ToString());
        JsonElement result = document.RootElement.GetProperty("cases")[0].GetProperty("targets")[0];
        JsonElement latency = result.GetProperty("latencyMicroseconds");
        string limit = result.GetProperty("clientIsTheLimit").GetBoolean() ? " (client)" : "";
        double[] figures =
        [
            result.GetProperty("iops").GetDouble(),
            result.GetProperty("megabytesPerSecond").GetDouble(),
            .. s_quantiles.Select(q => latency.GetProperty(q).GetDouble()),
            (server.CpuTime - cpuBefore).TotalMicroseconds / result.GetProperty("operations").GetInt64(),
            server.RssBytes / MiB,
        ];
        (double iops, double rate, double cpu, double rss) = (figures[0], figures[1], figures[5], figures[6]);
        Say($"| {label} | {iops:N0}{limit} | {rate:N0} | {figures[2]:F1} | {figures[3]:F1} | {figures[4]:F1} | {cpu:F2} | {rss:N0} |");
    }

    private void Say(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
