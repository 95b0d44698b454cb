using System.Text.Json;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Admin;

public sealed class HttpSurfaceTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Health_and_readiness_answer()
    {
        Assert.Equal("ok", (await _server.GetAsync("/healthz")).IsOk().GetProperty("status").GetString());
        Assert.Equal("ok", (await _server.GetAsync("/readyz")).IsOk().GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/api/v1")]
    [InlineData("/api/v1/disks/disk0/triggers")]
    [InlineData("/api/v1/disks/disk0/faults")]
    public async Task What_is_not_there_is_a_problem_too(string path) => (await _server.GetAsync(path)).IsProblem(404);

    [Theory]
    [InlineData("GET", "/api/v1/disks/disk0/power/cut")]
    [InlineData("DELETE", "/metrics")]
    [InlineData("PUT", "/api/v1/disks")]
    public async Task A_wrong_method_is_a_problem_that_says_which_are_right(string method, string path)
    {
        Answer answer = await _server.SendAsync(new HttpMethod(method), path);
        answer.IsProblem(405);
        Assert.NotEmpty(answer.Response.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("GET", "/api/v1/disks/nope")]
    [InlineData("POST", "/api/v1/disks/nope/power/cut")]
    [InlineData("GET", "/api/v1/disks/nope/reports")]
    [InlineData("GET", "/api/v1/disks/nope/platter")]
    [InlineData("GET", "/api/v1/disks/nope/map")]
    [InlineData("DELETE", "/api/v1/disks/nope")]
    public async Task A_disk_that_is_not_there_is_named(string method, string path) =>
        (await _server.SendAsync(new HttpMethod(method), path)).IsProblem(404, "disk");

    [Fact]
    public async Task A_body_has_a_largest_size()
    {
        string body = $$"""{"loss":"{{new string('x', 5 << 20)}}"}""";

        // The server says no before the body comes.
        (await _server.SendAsync(HttpMethod.Post, "/api/v1/disks/disk0/power/cut", body, r => r.Headers.ExpectContinue = true)).IsProblem(413);
    }

    [Fact]
    public async Task The_document_describes_bodies_answers_and_errors()
    {
        JsonElement document = (await _server.GetAsync("/openapi/v1.json")).IsOk();
        JsonElement paths = document.GetProperty("paths");
        Assert.Equal(
            [
                "/api/v1/disks", "/api/v1/disks/{disk}", "/api/v1/disks/{disk}/map", "/api/v1/disks/{disk}/marks", "/api/v1/disks/{disk}/platter",
                "/api/v1/disks/{disk}/power", "/api/v1/disks/{disk}/power/cut", "/api/v1/disks/{disk}/power/cycle",
                "/api/v1/disks/{disk}/power/on", "/api/v1/disks/{disk}/power/recut", "/api/v1/disks/{disk}/power/shutdown",
                "/api/v1/disks/{disk}/reports", "/api/v1/disks/{disk}/reports/{number}", "/api/v1/disks/{disk}/reports/{number}/bundle",
                "/healthz", "/metrics", "/readyz",
            ],
            paths.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        JsonElement cut = paths.GetProperty("/api/v1/disks/{disk}/power/cut").GetProperty("post");
        Assert.Equal("#/components/schemas/CutRequest", Schema(cut.GetProperty("requestBody"), "application/json"));
        Assert.Equal("#/components/schemas/ReportInfo", Schema(cut.GetProperty("responses").GetProperty("200"), "application/json"));
        Assert.Equal("#/components/schemas/ApiProblem", Schema(cut.GetProperty("responses").GetProperty("409"), "application/problem+json"));
        JsonElement schemas = document.GetProperty("components").GetProperty("schemas");
        Assert.True(schemas.GetProperty("CutRequest").GetProperty("properties").TryGetProperty("clients", out _));
        Assert.True(schemas.GetProperty("ReportInfo").GetProperty("properties").TryGetProperty("pending", out _));
    }

    private static string? Schema(JsonElement message, string type) =>
        message.GetProperty("content").GetProperty(type).GetProperty("schema").GetProperty("$ref").GetString();
}
