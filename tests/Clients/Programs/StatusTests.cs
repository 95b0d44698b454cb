using System.Text.Json;
using BlockEmu.Clients.Tests.Support;

namespace BlockEmu.Clients.Tests.Programs;

/// <summary>Structured replies and block status as foreign programs see them.</summary>
public sealed class StatusTests
{
    private const string Allocation = "base:allocation";
    private const string Durability = "x-blockemu:durability";

    // 64 KiB persistent, 64 KiB cached, then nothing, with 64 KiB of pending zeroes at 1 MiB.
    private static async Task<LiveServer> StartAsync()
    {
        LiveServer server = await LiveServer.StartAsync();
        byte[] data = new byte[64 << 10];
        data.AsSpan().Fill(0x5A);
        server.Disk.Write(server.Disk.PowerEpoch, 0, data, fua: true);
        server.Disk.Write(server.Disk.PowerEpoch, 64 << 10, data, fua: false);
        server.Disk.Trim(server.Disk.PowerEpoch, 1 << 20, 64 << 10, fua: false);
        return server;
    }

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task Nbdinfo_maps_what_a_power_cut_would_take(Transport transport)
    {
        await using LiveServer server = await StartAsync();
        Assert.Equal(
            ["0 65536 1", "65536 65536 2", "131072 917504 0", "1048576 65536 2", "1114112 65994752 0"],
            await MapAsync(server.Uri(transport), $"--map={Durability}"));
        await server.LosePowerAsync();
        Assert.Equal(["0 65536 1", "65536 67043328 0"], await MapAsync(server.Uri(transport), $"--map={Durability}"));
    }

    [Fact]
    public async Task Nbdinfo_maps_allocation()
    {
        await using LiveServer server = await StartAsync();
        Assert.Equal(
            ["0 131072 0", "131072 917504 3", "1048576 65536 2", "1114112 65994752 3"],
            await MapAsync(server.Uri(Transport.Tcp), "--map"));
    }

    [Fact]
    public async Task Nbdinfo_lists_contexts_and_sees_structured_replies()
    {
        await using LiveServer server = await StartAsync();
        ProgramRun run = await ProgramRun.SucceedAsync("nbdinfo", "--list", "--json", server.Uri(Transport.Tcp, ""));
        using JsonDocument json = JsonDocument.Parse(run.Output);
        Assert.True(json.RootElement.GetProperty("structured").GetBoolean(), run.Everything);
        foreach (JsonElement export in json.RootElement.GetProperty("exports").EnumerateArray())
        {
            Assert.Equal([Allocation, Durability], export.GetProperty("contexts").EnumerateArray().Select(c => c.GetString()!));
            Assert.True(export.GetProperty("can_df").GetBoolean(), run.Everything);
        }
    }

    [Fact]
    public async Task Qemu_img_maps_data_and_holes()
    {
        await using LiveServer server = await StartAsync();
        ProgramRun run = await ProgramRun.SucceedAsync("qemu-img", "map", "--output=json", "-f", "raw", server.Uri(Transport.Tcp));
        using JsonDocument json = JsonDocument.Parse(run.Output);
        Assert.Equal(
            [(0, 131_072, false, true), (131_072, 917_504, true, false), (1 << 20, 65_536, true, true), (1_114_112, 65_994_752, true, false)],
            json.RootElement.EnumerateArray().Select(e => (
                e.GetProperty("start").GetInt64(), e.GetProperty("length").GetInt64(), e.GetProperty("zero").GetBoolean(),
                e.GetProperty("data").GetBoolean())));
    }

    [Theory]
    [InlineData(Transport.Tcp, false)]
    [InlineData(Transport.Unix, false)]
    [InlineData(Transport.Unix, true)]
    public async Task Libnbd_reads_chunks_errors_and_status(Transport transport, bool isNewer)
    {
        await using LiveServer server = await StartAsync();
        await LibnbdScript.RunAsync(isNewer, "libnbd_structured.py", server.Uri(transport));
    }

    private static async Task<string[]> MapAsync(string uri, string map)
    {
        ProgramRun run = await ProgramRun.SucceedAsync("nbdinfo", map, uri);
        return
        [
            .. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(3))),
        ];
    }
}
