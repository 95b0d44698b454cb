using System.Text.Json;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Admin;

public sealed class MapEndpointTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync("--disk", "size=1M");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static IEnumerable<string> Lines(JsonElement map) => map.GetProperty("extents").EnumerateArray().Select(e =>
        $"{e.GetProperty("offsetBytes")}+{e.GetProperty("lengthBytes")} {e.GetProperty("state").GetString()}"
        + string.Concat(((string[])["visible", "cached", "persistent", "readsAsZero"]).Select(f => e.GetProperty(f).GetBoolean() ? " yes" : " -")));

    [Fact]
    public async Task Extents_say_which_stages_their_visible_version_has_reached()
    {
        _server.Fill(4096, 4096, 1, fua: true);
        _server.Fill(8192, 512, 2);
        JsonElement map = (await _server.GetAsync("/api/v1/disks/disk0/map")).IsOk();
        Assert.Equal(
            [
                "0+4096 hole yes yes yes yes",
                "4096+4096 persistent yes yes yes -",
                "8192+512 cached yes yes - -",
                "8704+1039872 hole yes yes yes yes",
            ],
            Lines(map));
        Assert.False(map.TryGetProperty("nextOffsetBytes", out _));
    }

    [Fact]
    public async Task A_long_map_comes_in_parts()
    {
        _server.Fill(4096, 4096, 1);
        _server.Fill(16384, 4096, 1);
        JsonElement first = (await _server.GetAsync("/api/v1/disks/disk0/map?limit=2")).IsOk();
        Assert.Equal(2, first.GetProperty("extents").GetArrayLength());
        Assert.Equal(8192, first.GetProperty("nextOffsetBytes").GetInt64());
        JsonElement second = (await _server.GetAsync("/api/v1/disks/disk0/map?offset=8192&length=12288")).IsOk();
        Assert.Equal(["8192+8192 hole yes yes yes yes", "16384+4096 cached yes yes - -"], Lines(second));
        Assert.False(second.TryGetProperty("nextOffsetBytes", out _));
    }

    [Theory]
    [InlineData("offset=1048576", "offset")]
    [InlineData("offset=-1", "offset")]
    [InlineData("offset=x", "offset")]
    [InlineData("length=0", "length")]
    [InlineData("offset=4096&length=1048576", "length")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=10001", "limit")]
    public async Task A_wrong_parameter_is_named(string query, string field) =>
        (await _server.GetAsync($"/api/v1/disks/disk0/map?{query}")).IsProblem(400, field);

    [Fact]
    public async Task A_disk_that_is_off_has_no_map()
    {
        (await _server.PostAsync("/api/v1/disks/disk0/power/cut")).IsOk();
        Assert.Equal("off", (await _server.GetAsync("/api/v1/disks/disk0/map")).IsProblem(409).GetProperty("state").GetString());
    }
}
