using System.Text.Json;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Admin;

public sealed class ReportEndpointTests : IAsyncLifetime
{
    private const string Disk = "/api/v1/disks/disk0";
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync("--disk", "size=1M,seed=7");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Reports_are_listed_oldest_first_without_their_pending_commands()
    {
        _server.Fill(0, 4096, 1);
        await _server.PostAsync($"{Disk}/power/cut");
        await _server.PostAsync($"{Disk}/power/recut");
        JsonElement[] reports = [.. (await _server.GetAsync($"{Disk}/reports")).IsOk().GetProperty("reports").EnumerateArray()];
        Assert.Equal([1, 2], reports.Select(r => r.GetProperty("number").GetInt32()));
        Assert.All(reports, r => Assert.False(r.TryGetProperty("pending", out _)));
        Assert.All(reports, r => Assert.True(r.GetProperty("time").TryGetDateTimeOffset(out _)));
    }

    [Fact]
    public async Task Pending_commands_come_in_pages()
    {
        for (int i = 0; i < 5; i++)
        {
            _server.Fill(i * 4096, 4096, 1);
        }

        await _server.PostAsync($"{Disk}/power/cut");
        JsonElement page = (await _server.GetAsync($"{Disk}/reports/latest?offset=3&limit=10")).IsOk();
        Assert.Equal((5, 3, 10), (page.GetProperty("pendingTotal").GetInt32(), page.GetProperty("offset").GetInt32(), page.GetProperty("limit").GetInt32()));
        Assert.Equal([4, 5], page.GetProperty("pending").EnumerateArray().Select(p => p.GetProperty("sequence").GetInt32()));
    }

    [Theory]
    [InlineData("offset=-1", "offset")]
    [InlineData("offset=x", "offset")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=10001", "limit")]
    [InlineData("offset=99999999999", "offset")]
    public async Task A_wrong_page_names_the_parameter(string query, string field)
    {
        await _server.PostAsync($"{Disk}/power/cut");
        (await _server.GetAsync($"{Disk}/reports/1?{query}")).IsProblem(400, field);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("2")]
    [InlineData("-1")]
    [InlineData("newest")]
    [InlineData("99999999999999999999")]
    public async Task A_report_that_is_not_there_is_not_found(string number)
    {
        await _server.PostAsync($"{Disk}/power/cut");
        (await _server.GetAsync($"{Disk}/reports/{number}")).IsProblem(404, "number");
        (await _server.GetAsync($"{Disk}/reports/{number}/bundle")).IsProblem(404, "number");
    }

    [Fact]
    public async Task Marks_tie_the_clients_words_to_a_position()
    {
        _server.Fill(0, 4096, 1);
        Assert.Equal(1, (await _server.PostAsync($"{Disk}/marks", """{"text":"told the user \"safe\""}""")).IsOk(201).GetProperty("sequence").GetInt64());
        _server.Fill(4096, 4096, 1);
        JsonElement report = (await _server.PostAsync($"{Disk}/power/cut")).IsOk();
        JsonElement mark = Assert.Single(report.GetProperty("marks").EnumerateArray());
        Assert.Equal((1, "told the user \"safe\""), (mark.GetProperty("sequence").GetInt64(), mark.GetProperty("text").GetString()));
        Assert.Single((await _server.GetAsync($"{Disk}/marks")).IsOk().GetProperty("marks").EnumerateArray());
    }

    [Theory]
    [InlineData("{}", "text")]
    [InlineData("""{"text":7}""", "text")]
    [InlineData("""{"text":""}""", "text")]
    [InlineData("""{"text":null}""", "text")]
    [InlineData("""{"text":"a","time":1}""", "time")]
    public async Task A_wrong_mark_names_the_field(string body, string field) =>
        (await _server.PostAsync($"{Disk}/marks", body)).IsProblem(400, field);

    [Fact]
    public async Task A_mark_has_a_longest_length()
    {
        string longest = new('x', Device.Disk.MaxMarkChars);
        (await _server.PostAsync($"{Disk}/marks", $$"""{"text":"{{longest}}"}""")).IsOk(201);
        (await _server.PostAsync($"{Disk}/marks", $$"""{"text":"{{longest}}x"}""")).IsProblem(400, "text");
    }
}
