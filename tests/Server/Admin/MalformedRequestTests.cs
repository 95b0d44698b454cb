using System.Net.Sockets;
using System.Text;
using BlockEmu.Device.Power;
using BlockEmu.Server.Admin.Problems;
using BlockEmu.Server.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlockEmu.Server.Tests.Admin;

/// <summary>What no client of good will sends is the client's fault, and is told so.</summary>
public sealed class MalformedRequestTests
{
    private const string Mark = "POST /api/v1/disks/disk0/marks HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n";

    [Theory]
    [InlineData("80000000")]
    [InlineData("fffffffff")]
    [InlineData("ffffffffffffffff")]
    [InlineData("fffffffffffffffffffffffffffffffff")]
    [InlineData("-1")]
    [InlineData("zz")]
    [InlineData("")]
    public async Task A_chunk_size_that_is_none_is_400(string size)
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M");
        byte[] request = Encoding.ASCII.GetBytes($"{Mark}Transfer-Encoding: chunked\r\n\r\n{size}\r\n{{\"text\":\"x\"}}\r\n0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400 ", await SendAsync(server, request), StringComparison.Ordinal);
        Assert.DoesNotContain("\"x\"", (await server.GetAsync("/api/v1/disks/disk0/marks")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("disks/disk0/marks", "POST", "{\"text\":\"\\ud800\"}", "text")]
    [InlineData("disks/disk0/marks", "POST", "{\"text\":\"\\udc00x\"}", "text")]
    [InlineData("disks/disk0/marks", "POST", "{\"text\":\"a\",\"\\ud800\":1}", null)]
    [InlineData("disks/disk0/power/cut", "POST", "{\"loss\":\"\\ud800\"}", "loss")]
    [InlineData("disks/disk0/power/cut", "POST", "{\"seed\":\"\\ud800\"}", "seed")]
    [InlineData("disks/disk0", "PATCH", "{\"destage\":\"\\ud800\"}", "destage")]
    [InlineData("disks", "POST", "{\"name\":\"\\ud800\",\"size\":1048576}", "name")]
    [InlineData("disks", "POST", "{\"name\":\"b\",\"size\":1048576,\"description\":\"\\udfff\"}", "description")]
    public async Task A_string_that_is_not_valid_Unicode_is_400_and_named(string path, string method, string json, string? field)
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M");
        (await server.SendAsync(new HttpMethod(method), $"/api/v1/{path}", json)).IsProblem(400, field);
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF8_are_400_and_a_byte_order_mark_is_none_of_the_text()
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M");
        byte[] bad = [.. "{\"text\":\""u8, 0xFF, .. "\"}"u8];
        Assert.StartsWith("HTTP/1.1 400 ", await SendAsync(server, WithLength(bad)), StringComparison.Ordinal);
        byte[] marked = [0xEF, 0xBB, 0xBF, .. "{\"text\":\"x\"}"u8];
        Assert.StartsWith("HTTP/1.1 201 ", await SendAsync(server, WithLength(marked)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(409)]
    [InlineData(416)]
    public async Task A_problem_that_overtakes_an_answer_does_not_go_out_under_its_headers(int status)
    {
        DefaultHttpContext context = new();
        using MemoryStream body = new();
        context.Response.Body = body;
        ProblemMiddleware middleware = new(
            static next =>
            {
                next.Response.StatusCode = StatusCodes.Status206PartialContent;
                next.Response.ContentLength = 12345;
                next.Response.ContentType = "application/octet-stream";
                next.Response.Headers.AcceptRanges = "bytes";
                next.Response.Headers.ETag = "\"x\"";
                next.Response.Headers.ContentDisposition = "attachment";
                next.Response.Headers.ContentRange = "bytes 0-9/10";
                next.Response.Headers.XContentTypeOptions = "nosniff";
                throw (string?)next.Items["status"] == "409"
                    ? new PowerMoveException("overtaken", PowerState.On)
                    : ApiException.Create(StatusCodes.Status416RangeNotSatisfiable, "too far", "Range");
            },
            NullLogger<ProblemMiddleware>.Instance);
        context.Items["status"] = $"{status}";
        await middleware.InvokeAsync(context);
        Assert.Equal((status, "application/problem+json"), (context.Response.StatusCode, context.Response.ContentType));
        string[] expected = status == 416 ? ["Content-Range", "Content-Type", "X-Content-Type-Options"] : ["Content-Type", "X-Content-Type-Options"];
        Assert.Equal(expected, context.Response.Headers.Keys.Order(StringComparer.Ordinal));
        Assert.StartsWith("{\"type\":", Encoding.UTF8.GetString(body.ToArray()), StringComparison.Ordinal);
    }

    private static byte[] WithLength(byte[] body) => [.. Encoding.ASCII.GetBytes($"{Mark}Content-Length: {body.Length}\r\n\r\n"), .. body];

    private static async Task<string> SendAsync(TestServer server, byte[] request)
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Host.AdminEndpoint!.EndPoint, TestContext.Current.CancellationToken);
        await socket.SendAsync(request, TestContext.Current.CancellationToken);
        using NetworkStream stream = new(socket);
        using StreamReader reader = new(stream);
        return await reader.ReadLineAsync(TestContext.Current.CancellationToken) ?? "";
    }
}
