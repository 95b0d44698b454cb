using System.Text.Json;
using BlockEmu.Clients.Tests.Support;

namespace BlockEmu.Clients.Tests.Programs;

/// <summary>Clients of the next Debian, which speak extended headers: one request for what lies beyond 4 GiB.</summary>
public sealed class ExtendedHeadersTests
{
    private const long SizeBytes = 8L << 30;

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task P18_nbdinfo_sees_extended_headers_and_both_contexts(Transport transport)
    {
        string nbdinfo = await NewerClients.FindAsync("nbdinfo");
        await using LiveServer server = await StartAsync();
        ProgramRun run = await ProgramRun.SucceedAsync(nbdinfo, "--list", "--json", server.Uri(transport, ""));
        using JsonDocument json = JsonDocument.Parse(run.Output);
        Assert.True(json.RootElement.GetProperty("extended").GetBoolean(), run.Everything);
        JsonElement[] exports = [.. json.RootElement.GetProperty("exports").EnumerateArray()];
        Assert.Equal(SizeBytes, exports[0].GetProperty("export-size").GetInt64());
        foreach (JsonElement export in exports)
        {
            Assert.Equal(["base:allocation", "x-blockemu:durability"], export.GetProperty("contexts").EnumerateArray().Select(c => c.GetString()!));
        }
    }

    // nbdinfo says yes with exit code 0 and no with 2. It asks for no context, so there is none to pick with a payload.
    [Theory]
    [InlineData("--can", "extended-headers", 0)]
    [InlineData("--can", "structured-reply", 0)]
    [InlineData("--can", "block-status-payload", 2)]
    [InlineData("--cannot", "zero", 2)]
    [InlineData("--isnt", "read-only", 0)]
    [InlineData("--isnt", "rotational", 0)]
    [InlineData("--isnt", "tls", 0)]
    public async Task Nbdinfo_answers_its_newer_questions(string verb, string question, int exitCode)
    {
        string nbdinfo = await NewerClients.FindAsync("nbdinfo");
        await using LiveServer server = await StartAsync();
        ProgramRun run = await ProgramRun.StartAsync(nbdinfo, verb, question, server.Uri(Transport.Unix));
        Assert.True(run.ExitCode == exitCode, run.Everything);
    }

    [Theory]
    [InlineData(Transport.Tcp)]
    [InlineData(Transport.Unix)]
    public async Task S7_Q2_Y13_libnbd_maps_trims_and_zeroes_many_GiB_in_one_request(Transport transport)
    {
        await using LiveServer server = await StartAsync();
        await LibnbdScript.RunAsync(isNewer: true, "libnbd_extended.py", server.Uri(transport));
    }

    [Fact]
    public async Task Nbdinfo_maps_8_GiB_and_adds_them_up()
    {
        string nbdinfo = await NewerClients.FindAsync("nbdinfo");
        await using LiveServer server = await StartAsync();
        server.Disk.Write(server.Disk.PowerEpoch, 7L << 30, new byte[4096], fua: false);
        ProgramRun run = await ProgramRun.SucceedAsync(
            nbdinfo, "--map=x-blockemu:durability", "--totals", "--json", server.Uri(Transport.Tcp));
        using JsonDocument json = JsonDocument.Parse(run.Output);
        Assert.Equal(
            [(0, SizeBytes - 4096), (2, 4096)],
            json.RootElement.EnumerateArray().Select(e => (e.GetProperty("type").GetInt32(), e.GetProperty("size").GetInt64())).Order());
    }

    [Theory]
    [InlineData("--connections=8", "--requests=64", "--flush")]
    [InlineData("--synchronous", "--flush")]
    public async Task Nbdcopy_there_and_back_changes_nothing(params string[] options)
    {
        string nbdcopy = await NewerClients.FindAsync("nbdcopy");
        await using LiveServer server = await LiveServer.StartAsync();
        using TempFolder folder = new();
        string image = folder.WriteHoley("image", (int)LiveServer.DiskBytes, seed: 31);
        await ProgramRun.SucceedAsync(nbdcopy, [.. options, image, server.Uri(Transport.Tcp)]);
        await server.LosePowerAsync();
        await ProgramRun.SucceedAsync(nbdcopy, [.. options[..^1], server.Uri(Transport.Unix), folder.File("back")]);
        await ProgramRun.SucceedAsync("cmp", image, folder.File("back"));
    }

    // A hole of 8 GiB is a few requests and no data, in both directions: QEMU speaks extended headers too.
    [Fact]
    public async Task Qemu_img_maps_and_compares_8_GiB()
    {
        string qemuImg = await NewerClients.FindAsync("qemu-img");
        await using LiveServer server = await StartAsync();
        using TempFolder folder = new();
        string image = folder.File("image");
        await using (FileStream file = new(image, FileMode.CreateNew))
        {
            file.SetLength(SizeBytes);
            file.Position = 6L << 30;
            file.Write([.. Enumerable.Repeat((byte)0x42, 64 << 10)]);
        }

        string uri = server.Uri(Transport.Unix);
        await ProgramRun.SucceedAsync(qemuImg, "convert", "-n", "-f", "raw", "-O", "raw", "-W", "-m", "8", image, uri);
        await ProgramRun.SucceedAsync(qemuImg, "compare", "-f", "raw", "-F", "raw", image, uri);
        ProgramRun map = await ProgramRun.SucceedAsync(qemuImg, "map", "--output=json", "-f", "raw", uri);
        using JsonDocument json = JsonDocument.Parse(map.Output);
        Assert.Equal(
            [(0, 6L << 30, true), (6L << 30, 64 << 10, false), ((6L << 30) + (64 << 10), SizeBytes - (6L << 30) - (64 << 10), true)],
            json.RootElement.EnumerateArray().Select(e => (
                e.GetProperty("start").GetInt64(), e.GetProperty("length").GetInt64(), e.GetProperty("zero").GetBoolean())));
    }

    // What the installed QEMU does with compact headers, the newer does with extended ones, and its WRITE lacks PAYLOAD_LEN.
    [Fact]
    public async Task Q2_qemu_io_writes_without_PAYLOAD_LEN_and_is_served()
    {
        string qemuIo = await NewerClients.FindAsync("qemu-io");
        await using LiveServer server = await StartAsync();
        ProgramRun run = await ProgramRun.SucceedAsync(
            qemuIo, "-f", "raw", "-t", "writeback", "-c", "write -P 0x11 0 1M", "-c", "write -f -P 0x22 7G 64k", "-c", "write -z 256k 128k",
            "-c", "discard 768k 64k", "-c", "flush", "-c", "aio_write -P 0x33 5G 8M", "-c", "aio_flush", "-c", "read -P 0x11 0 256k",
            "-c", "read -P 0x22 7G 64k", "-c", "read -P 0 256k 128k", "-c", "read -P 0x33 5G 8M", server.Uri(Transport.Tcp));
        Assert.False(run.Output.Contains("failed", StringComparison.Ordinal), run.Everything);
    }

    private static Task<LiveServer> StartAsync() =>
        LiveServer.StartAsync(LiveServer.DefaultDisk with { SizeBytes = SizeBytes });
}
