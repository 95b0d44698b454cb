using System.Net.Sockets;
using System.Text.Json;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Protocol.NvmeTcp;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Tests.Nbd;
using BlockEmu.Server.Tests.NvmeTcp;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Admin;

public sealed class DiskEndpointTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync("--disk", "size=1M,seed=7,description=\"a, b\"", "--media-root", "/");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_disk_shows_its_keys_and_its_state()
    {
        _server.Fill(0, 4096, 1);
        JsonElement disk = (await _server.GetAsync("/api/v1/disks/disk0")).IsOk();
        Assert.Equal("disk0", disk.GetProperty("name").GetString());
        Assert.Equal(1 << 20, disk.GetProperty("size").GetInt64());
        Assert.Equal("memory", disk.GetProperty("medium").GetString());
        Assert.Equal(4096, disk.GetProperty("awupf").GetInt64());
        Assert.Equal(64 << 20, disk.GetProperty("cache").GetInt64());
        Assert.Equal("random:0.5", disk.GetProperty("loss").GetString());
        Assert.Equal(7UL, disk.GetProperty("seed").GetUInt64());
        Assert.Equal("a, b", disk.GetProperty("description").GetString());
        Assert.Equal("on", disk.GetProperty("state").GetString());
        Assert.Equal(4096, disk.GetProperty("cachedBytes").GetInt64());
        Assert.Equal(1, disk.GetProperty("pendingAtoms").GetInt64());
        Assert.Equal(0, disk.GetProperty("connections").GetInt64());
    }

    [Fact]
    public async Task Disks_are_listed_with_the_default_export_first()
    {
        (await _server.PostAsync("/api/v1/disks", """{"name":"a","size":"1M"}""")).IsOk(201);
        JsonElement list = (await _server.GetAsync("/api/v1/disks")).IsOk();
        Assert.Equal(["disk0", "a"], list.GetProperty("disks").EnumerateArray().Select(d => d.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_disk_is_made_from_the_keys_of_the_command_line()
    {
        Answer answer = await _server.PostAsync(
            "/api/v1/disks",
            """{"name":"x y%","size":2097152,"awupf":"16K","nawupf":16384,"dn":true,"cache":false,"mam":"off","seed":"18446744073709551615"}""");
        JsonElement disk = answer.IsOk(201);
        Assert.Equal(2 << 20, disk.GetProperty("size").GetInt64());
        Assert.Equal(16384, disk.GetProperty("awun").GetInt64());
        Assert.Equal((16384, 0), (disk.GetProperty("nawupf").GetInt64(), disk.GetProperty("nawun").GetInt64()));
        Assert.Equal((true, false), (disk.GetProperty("dn").GetBoolean(), disk.GetProperty("mam").GetBoolean()));
        Assert.Equal(0, disk.GetProperty("cache").GetInt64());
        Assert.Equal(ulong.MaxValue, disk.GetProperty("seed").GetUInt64());
        Assert.Equal("x y%", (await _server.GetAsync(answer.Response.Headers.Location!.ToString())).IsOk().GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("""{"size":"1M"}""", "name")]
    [InlineData("""{"name":"a"}""", "size")]
    [InlineData("""{"name":"a","size":true}""", "size")]
    [InlineData("""{"name":"a","size":1.5}""", "size")]
    [InlineData("""{"name":"a","size":"1M","loss":"half"}""", "loss")]
    [InlineData("""{"name":"a","size":"1M","cache":true}""", "cache")]
    [InlineData("""{"name":"a","size":"1M","seed":-1}""", "seed")]
    [InlineData("""{"name":"a","size":"1M","colour":"red"}""", "colour")]
    [InlineData("""{"name":7,"size":"1M"}""", "name")]
    [InlineData("""{"name":"a/b","size":"1M"}""", "name")]
    [InlineData("""{"name":"a","size":513}""", "size")]
    [InlineData("""{"name":"a","size":4096,"medium":"file:/dev/null"}""", "medium")]
    [InlineData("""{"name":"a","medium":"file:/nonexistent/x"}""", "medium")]
    public async Task A_wrong_field_is_named_and_nothing_is_made(string body, string field)
    {
        (await _server.PostAsync("/api/v1/disks", body)).IsProblem(400, field);
        Assert.Single((await _server.GetAsync("/api/v1/disks")).IsOk().GetProperty("disks").EnumerateArray());
    }

    [Fact]
    public async Task All_wrong_fields_are_told_at_once()
    {
        JsonElement problem = (await _server.PostAsync("/api/v1/disks", """{"size":"x","loss":1,"foo":2}""")).IsProblem(400, "size");
        Assert.Equal(["size", "loss", "foo", "name"], problem.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()));
    }

    [Fact]
    public async Task A_name_is_taken_once() =>
        (await _server.PostAsync("/api/v1/disks", """{"name":"disk0","size":"1M"}""")).IsProblem(409, "name");

    [Fact]
    public async Task A_disk_goes_flushed_and_its_image_stays()
    {
        using TempFolder folder = new();
        string image = folder.File("image");
        (await _server.PostAsync("/api/v1/disks", $$"""{"name":"f","size":"1M","medium":"file:{{image}}"}""")).IsOk(201);
        _server.Fill(4096, 512, 7, disk: "f");
        (await _server.SendAsync(HttpMethod.Delete, "/api/v1/disks/f")).IsOk(204);
        (await _server.GetAsync("/api/v1/disks/f")).IsProblem(404, "disk");
        Assert.Equal(7, (await File.ReadAllBytesAsync(image))[4096]);
        Assert.Equal(1 << 20, new FileInfo(image).Length);
        (await _server.PostAsync("/api/v1/disks", $$"""{"name":"f","medium":"file:{{image}}"}""")).IsOk(201);
    }

    [Fact]
    public async Task A_disk_with_connections_goes_by_force_only()
    {
        _server.Control().Served.Meter.Open("nbd");
        (await _server.SendAsync(HttpMethod.Delete, "/api/v1/disks/disk0")).IsProblem(409);
        (await _server.GetAsync("/api/v1/disks/disk0")).IsOk();
        (await _server.SendAsync(HttpMethod.Delete, "/api/v1/disks/disk0?force=true")).IsOk(204);
        (await _server.GetAsync("/api/v1/disks/disk0")).IsProblem(404, "disk");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Open_connections_are_shown_with_their_address_and_age(bool unix)
    {
        using TempFolder folder = new();
        await using TestServer server = await TestServer.StartAsync(
            "--disk", "size=1M", "--nbd", unix ? $"unix:{folder.File("s")}" : "127.0.0.1:0", "--nvme", "127.0.0.1:0");
        Assert.Empty(Shown(server, out _).EnumerateArray());
        using NbdClient nbd = NbdClient.Connect(Assert.Single(server.Host.NbdEndpoints).EndPoint, NbdBench.Patience);
        nbd.Go("");
        JsonElement one = Assert.Single(Shown(server, out string answer).EnumerateArray());
        string address = unix ? "unix" : $"{((NetworkStream)nbd.Stream).Socket.LocalEndPoint}";
        Assert.Equal(("nbd", address), (one.GetProperty("frontEnd").GetString(), one.GetProperty("address").GetString()));
        Assert.InRange(one.GetProperty("ageSeconds").GetInt64(), 0, (long)NbdBench.Patience.TotalSeconds);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        Assert.InRange(one.GetProperty("connectedAt").GetDateTimeOffset(), now - NbdBench.Patience, now);
        Assert.Contains($"(the oldest: nbd from {address} for 00:", answer, StringComparison.Ordinal);
        using NvmeTcpClient nvme = NvmeTcpClient.Connect(Assert.Single(server.Host.NvmeEndpoints).EndPoint, NvmeTcpBench.Options());
        Assert.Equal(["nbd", "nvme"], Shown(server, out _).EnumerateArray().Select(c => c.GetProperty("frontEnd").GetString()));

        static JsonElement Shown(TestServer server, out string refusal)
        {
            JsonElement disk = server.GetAsync("/api/v1/disks/disk0").GetAwaiter().GetResult().IsOk();
            Assert.Equal(disk.GetProperty("connections").GetInt32(), disk.GetProperty("openConnections").GetArrayLength());
            refusal = disk.GetProperty("connections").GetInt32() == 0 ? "" : server.SendAsync(HttpMethod.Delete, "/api/v1/disks/disk0")
                .GetAwaiter().GetResult().IsProblem(409).GetProperty("detail").GetString()!;
            return disk.GetProperty("openConnections");
        }
    }

    [Fact]
    public async Task What_clients_see_while_off_can_change()
    {
        JsonElement disk = (await _server.SendAsync(HttpMethod.Patch, "/api/v1/disks/disk0", """{"offBehaviour":"hang"}""")).IsOk();
        Assert.Equal("hang", disk.GetProperty("offBehaviour").GetString());
        (await _server.PostAsync("/api/v1/disks/disk0/power/cut")).IsOk();
        Assert.Equal(OffBehaviour.Hang, _server.Control().Served.OffBehaviour);
        (await _server.SendAsync(HttpMethod.Patch, "/api/v1/disks/disk0", """{"offBehaviour":"error"}""")).IsOk();
        Assert.Equal(OffBehaviour.Error, _server.Control().Served.OffBehaviour);
        (await _server.SendAsync(HttpMethod.Patch, "/api/v1/disks/disk0", """{"size":1}""")).IsProblem(400, "size");
    }

    [Fact]
    public async Task Reconnect_is_taken_by_name()
    {
        (await _server.SendAsync(HttpMethod.Patch, "/api/v1/disks/disk0", """{"offBehaviour":"reconnect"}""")).IsOk();
        JsonElement report = (await _server.PostAsync("/api/v1/disks/disk0/power/cut")).IsOk();
        Assert.Equal("disk0", report.GetProperty("disk").GetString());
        Assert.Equal("reconnect", (await _server.GetAsync("/api/v1/disks/disk0/power")).IsOk().GetProperty("clients").GetString());
        Assert.Equal(OffBehaviour.Reconnect, _server.Control().Served.OffBehaviour);
    }

    [Fact]
    public async Task A_disk_tells_how_nvme_hosts_know_it()
    {
        JsonElement nvme = (await _server.GetAsync("/api/v1/disks/disk0")).IsOk().GetProperty("nvme");
        Assert.Equal("nqn.2026-11.io.blockemu:disk0", nvme.GetProperty("nqn").GetString());
        Assert.Equal((1, 36, 32), (
            nvme.GetProperty("nsid").GetInt32(), nvme.GetProperty("uuid").GetString()!.Length, nvme.GetProperty("nguid").GetString()!.Length));
        Assert.Empty(nvme.GetProperty("warnings").EnumerateArray());
        JsonElement changed = (await _server.SendAsync(
            HttpMethod.Patch, "/api/v1/disks/disk0", """{"nabsn":"64K","nabspf":"64K","nabo":512}""")).IsOk();
        Assert.StartsWith(
            "nabo=512: ", Assert.Single(changed.GetProperty("nvme").GetProperty("warnings").EnumerateArray()).GetString(), StringComparison.Ordinal);
    }
}
