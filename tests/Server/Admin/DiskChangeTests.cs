using System.IO.Compression;
using System.Text.Json;
using BlockEmu.Oracle.Bundles;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Tests.Nbd;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Admin;

/// <summary><c>PATCH /api/v1/disks/{disk}</c>.</summary>
public sealed class DiskChangeTests : IAsyncLifetime
{
    private const string Disk = "/api/v1/disks/disk0";
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() =>
        _server = await TestServer.StartAsync("--disk", "size=1M,seed=7,cache=64K", "--nbd", "127.0.0.1:0");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private Task<Answer> PatchAsync(string body) => _server.SendAsync(HttpMethod.Patch, Disk, body);

    [Fact]
    public async Task Every_key_that_can_change_does_and_is_shown()
    {
        JsonElement disk = (await PatchAsync(
            """
            {"awun":"8K","awupf":4096,"acwu":1024,"nawun":"16K","nawupf":16384,"nacwu":"2K","nabsn":"16K","nabspf":"16K","nabo":512,
             "mam":true,"dn":"on","destage":"rate:4K","isolation":"range","interleave":"adversarial","loss":"fifo",
             "seed":"18446744073709551615","offBehaviour":"hang"}
            """)).IsOk();
        (string Key, long Value)[] numbers =
        [
            ("awun", 8192), ("awupf", 4096), ("acwu", 1024), ("nawun", 16384), ("nawupf", 16384), ("nacwu", 2048), ("nabsn", 16384),
            ("nabspf", 16384), ("nabo", 512),
        ];
        Assert.All(numbers, n => Assert.Equal((n.Key, n.Value), (n.Key, disk.GetProperty(n.Key).GetInt64())));
        Assert.Equal((true, true), (disk.GetProperty("mam").GetBoolean(), disk.GetProperty("dn").GetBoolean()));
        Assert.Equal("rate:4K", disk.GetProperty("destage").GetString());
        Assert.Equal(("fifo", "hang"), (disk.GetProperty("loss").GetString(), disk.GetProperty("offBehaviour").GetString()));
        Assert.Equal(("range", "adversarial"), (disk.GetProperty("isolation").GetString(), disk.GetProperty("interleave").GetString()));
        Assert.Equal(ulong.MaxValue, disk.GetProperty("seed").GetUInt64());
        Assert.Equal(disk.GetRawText(), (await _server.GetAsync(Disk)).IsOk().GetRawText());
    }

    [Fact]
    public async Task What_is_not_said_stays()
    {
        (await PatchAsync("""{"awun":"16K"}""")).IsOk();
        (await PatchAsync("""{"awupf":"8K","loss":null}""")).IsOk();
        JsonElement disk = (await PatchAsync("{}")).IsOk();
        Assert.Equal((16384, 8192, 4096), (
            disk.GetProperty("awun").GetInt64(), disk.GetProperty("awupf").GetInt64(), disk.GetProperty("acwu").GetInt64()));
        Assert.Equal(("random:0.5", 7UL), (disk.GetProperty("loss").GetString(), disk.GetProperty("seed").GetUInt64()));
    }

    [Fact]
    public async Task Above_a_page_cache_the_units_shrink_and_come_back_with_the_mode()
    {
        (await PatchAsync("""{"awun":"16K","awupf":"16K"}""")).IsOk();
        JsonElement disk = (await PatchAsync("""{"isolation":"page"}""")).IsOk();
        Assert.Equal((4096, 4096), (disk.GetProperty("awupf").GetInt64(), disk.GetProperty("nabspf").GetInt64()));
        disk = (await PatchAsync("""{"isolation":"nvme"}""")).IsOk();
        Assert.Equal((16384, 0), (disk.GetProperty("awupf").GetInt64(), disk.GetProperty("nabspf").GetInt64()));
    }

    [Theory]
    [InlineData("""{"seed":1,"offBehaviour":"error","awupf":"8K"}""", "awupf")]
    [InlineData("""{"seed":1,"offBehaviour":"error","awupf":1000}""", "awupf")]
    [InlineData("""{"seed":1,"offBehaviour":"error","awupf":true}""", "awupf")]
    [InlineData("""{"seed":1,"offBehaviour":"error","awun":"64K","awupf":"64K"}""", "awupf")]
    [InlineData("""{"seed":1,"offBehaviour":"error","awun":"64K","nawupf":"64K"}""", "nawupf")]
    [InlineData("""{"seed":1,"offBehaviour":"error","mam":"on"}""", "mam")]
    [InlineData("""{"seed":1,"offBehaviour":"error","nabo":512}""", "nabo")]
    [InlineData("""{"seed":1,"offBehaviour":"error","loss":"half"}""", "loss")]
    [InlineData("""{"seed":-1,"offBehaviour":"error"}""", "seed")]
    [InlineData("""{"seed":1,"offBehaviour":"error","isolation":"none"}""", "isolation")]
    [InlineData("""{"seed":1,"offBehaviour":"error","interleave":true}""", "interleave")]
    [InlineData("""{"seed":1,"offBehaviour":"panic"}""", "offBehaviour")]
    [InlineData("""{"seed":1,"offBehaviour":"error","size":"2M"}""", "size")]
    [InlineData("""{"seed":1,"offBehaviour":"error","medium":null}""", "medium")]
    [InlineData("""{"seed":1,"offBehaviour":"error","readonly":true}""", "readonly")]
    [InlineData("""{"seed":1,"offBehaviour":"error","state":"off"}""", "state")]
    [InlineData("""{"seed":1,"offBehaviour":"error","colour":"red"}""", "colour")]
    public async Task With_one_bad_field_nothing_changes_and_it_is_named(string body, string field)
    {
        string before = (await _server.GetAsync(Disk)).Text;
        Assert.Single((await PatchAsync(body)).IsProblem(400, field).GetProperty("errors").EnumerateArray());
        Assert.Equal(before, (await _server.GetAsync(Disk)).Text);
        Assert.Equal(OffBehaviour.Reset, _server.Control().DefaultOffBehaviour);
    }

    [Fact]
    public async Task All_bad_fields_are_told_at_once()
    {
        JsonElement problem = (await PatchAsync("""{"loss":"x","block":4096,"awupf":"8K","mam":true,"colour":1}""")).IsProblem(400, "block");
        Assert.Equal(
            ["awupf", "block", "colour", "loss", "mam"],
            problem.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("field").GetString()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_body_is_needed_and_is_an_object()
    {
        (await _server.SendAsync(HttpMethod.Patch, Disk)).IsProblem(400);
        (await PatchAsync("[]")).IsProblem(400);
        (await PatchAsync("""{"seed":1,"seed":2}""")).IsProblem(400);
        (await _server.SendAsync(HttpMethod.Patch, "/api/v1/disks/nope", "{}")).IsProblem(404, "disk");
    }

    [Fact]
    public async Task A_client_that_is_connected_works_on_and_each_write_keeps_what_it_was_promised()
    {
        using NbdClient client = NbdClient.Connect(_server.Host.NbdEndpoints[0].EndPoint, NbdBench.Patience);
        client.Go("disk0");
        Assert.Equal(NbdError.None, client.Write(0, Filled(8192, 1)));
        (await PatchAsync("""{"awun":"8K","awupf":"8K"}""")).IsOk();
        Assert.Equal(NbdError.None, client.Write(16384, Filled(8192, 2)));
        (await PatchAsync("""{"awupf":512,"loss":"keep-all"}""")).IsOk();
        Assert.Equal(NbdError.None, client.Write(32768, Filled(8192, 3)));
        byte[] read = new byte[8192];
        Assert.Equal(NbdError.None, client.Read(16384, read));
        Assert.Equal(Filled(8192, 2), read);

        JsonElement report = (await _server.PostAsync($"{Disk}/power/cut")).IsOk();
        Assert.Equal((512, "keep-all"), (
            report.GetProperty("atomicity").GetProperty("awupf").GetInt64(), report.GetProperty("loss").GetString()));
        JsonElement[] pending = [.. report.GetProperty("pending").EnumerateArray()];
        Assert.Equal([16L, 1L, 16L], pending.Select(p => p.GetProperty("atomCount").GetInt64()));
        Assert.Equal([4096L, 8192L, null], pending.Select(p =>
            p.TryGetProperty("atomicity", out JsonElement own) ? own.GetProperty("awupf").GetInt64() : (long?)null));
    }

    [Fact]
    public async Task A_bundle_says_each_commands_own_promises_and_the_judge_goes_by_them()
    {
        _server.Fill(0, 8192, 1);
        (await PatchAsync("""{"awun":"8K","awupf":"8K"}""")).IsOk();
        _server.Fill(16384, 8192, 2);
        (await PatchAsync("""{"awupf":512}""")).IsOk();
        _server.Fill(32768, 8192, 3);
        (await _server.PostAsync($"{Disk}/power/cut")).IsOk();
        for (int n = 2; n < 20; n++)
        {
            (await _server.PostAsync($"{Disk}/power/recut", $$"""{"seed":{{n}}}""")).IsOk();
            Bundle bundle = await FetchAsync(n, version: 2);
            Assert.Equal([4096L, 8192L, null], bundle.Manifest.Pending.Select(c => c.Promise?.AwupfBytes));
            BundleVerdict verdict = BundleJudge.Judge(bundle);
            Assert.True(verdict.IsGood, verdict.Message);
        }
    }

    [Fact]
    public async Task A_bundle_without_them_stays_readable_for_older_readers()
    {
        (await PatchAsync("""{"awun":"8K","awupf":"8K"}""")).IsOk();
        _server.Fill(0, 8192, 1);
        (await _server.PostAsync($"{Disk}/power/cut")).IsOk();
        Assert.Equal(8192, (await FetchAsync(1, version: 1)).Manifest.Promise.AwupfBytes);
    }

    [Fact]
    public async Task The_document_describes_what_can_change()
    {
        JsonElement document = (await _server.GetAsync("/openapi/v1.json")).IsOk();
        JsonElement properties = document.GetProperty("components").GetProperty("schemas").GetProperty("DiskChangeRequest").GetProperty("properties");
        JsonElement disk = (await _server.GetAsync(Disk)).IsOk();
        foreach (JsonProperty property in properties.EnumerateObject())
        {
            Assert.True(disk.TryGetProperty(property.Name, out JsonElement value), property.Name);
            (await PatchAsync($$"""{"{{property.Name}}":{{value.GetRawText()}}}""")).IsOk();
        }

        foreach (JsonProperty property in disk.EnumerateObject().Where(p => !properties.TryGetProperty(p.Name, out _)))
        {
            (await PatchAsync($$"""{"{{property.Name}}":{{property.Value.GetRawText()}}}""")).IsProblem(400, property.Name);
        }
    }

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    private async Task<Bundle> FetchAsync(int number, int version)
    {
        Answer answer = await _server.GetAsync($"{Disk}/reports/{number}/bundle");
        Assert.True(answer.Status == 200, answer.Text);
        await using ZipArchive archive = new(new MemoryStream(answer.Bytes));
        using Stream manifest = await archive.GetEntry("manifest.json")!.OpenAsync();
        using JsonDocument document = await JsonDocument.ParseAsync(manifest);
        Assert.Equal(version, document.RootElement.GetProperty("version").GetInt32());
        return Bundle.Read(new MemoryStream(answer.Bytes));
    }
}
