using System.Net.Http.Headers;
using System.Text;
using BlockEmu.Device.Power;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Admin;

public sealed class AdminGuardTests
{
    private const string Cut = "/api/v1/disks/disk0/power/cut";

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:10810")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("localhost.evil.example")]
    public async Task A_foreign_host_is_refused(string host)
    {
        await using TestServer server = await TestServer.StartAsync();
        (await server.SendAsync(HttpMethod.Post, Cut, prepare: r => r.Headers.Host = host)).IsProblem(403);
        (await server.SendAsync(HttpMethod.Get, "/metrics", prepare: r => r.Headers.Host = host)).IsProblem(403);
        Assert.Equal(PowerState.On, server.Disk().PowerState);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:1234")]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]:80")]
    [InlineData("192.0.2.7:10810")]
    [InlineData("emu.internal:1")]
    public async Task An_address_localhost_or_a_name_given_is_taken(string host)
    {
        await using TestServer server = await TestServer.StartAsync("--admin-host", "emu.internal");
        (await server.SendAsync(HttpMethod.Post, Cut, prepare: r => r.Headers.Host = host)).IsOk();
    }

    [Theory]
    [InlineData("http://evil.example")]
    [InlineData("null")]
    [InlineData("https://127.0.0.1")]
    [InlineData("http://127.0.0.1:1")]
    public async Task A_page_from_elsewhere_cannot_cut_the_power(string origin)
    {
        await using TestServer server = await TestServer.StartAsync();
        (await server.SendAsync(HttpMethod.Post, Cut, prepare: r => r.Headers.Add("Origin", origin))).IsProblem(403);
        Assert.Equal(PowerState.On, server.Disk().PowerState);
    }

    [Fact]
    public async Task The_servers_own_origin_is_taken()
    {
        await using TestServer server = await TestServer.StartAsync();
        (await server.SendAsync(HttpMethod.Post, Cut, prepare: r => r.Headers.Add("Origin", $"http://{server.Host.AdminEndpoint}"))).IsOk();
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/jsonp")]
    [InlineData(null)]
    public async Task A_body_that_a_form_could_send_is_refused(string? type)
    {
        await using TestServer server = await TestServer.StartAsync();
        Answer answer = await server.SendAsync(HttpMethod.Post, Cut, prepare: r =>
        {
            r.Content = new ByteArrayContent(Encoding.UTF8.GetBytes("{}"));
            r.Content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        });
        answer.IsProblem(415, "Content-Type");
        Assert.Equal(PowerState.On, server.Disk().PowerState);
    }

    [Fact]
    public async Task A_chunked_body_is_a_body()
    {
        await using TestServer server = await TestServer.StartAsync();
        (await server.SendAsync(HttpMethod.Post, Cut, prepare: r =>
        {
            r.Content = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes("{}")));
            r.Headers.TransferEncodingChunked = true;
        })).IsProblem(415, "Content-Type");
        Assert.Equal(PowerState.On, server.Disk().PowerState);
    }

    [Fact]
    public async Task With_a_token_everything_but_health_needs_it()
    {
        using TempFolder folder = new();
        string file = folder.Write("token", "0123456789abcdef\n");
        await using TestServer server = await TestServer.StartAsync("--admin-token-file", file);
        (await server.GetAsync("/healthz")).IsOk();
        (await server.GetAsync("/readyz")).IsOk();
        foreach (string path in (string[])["/metrics", "/openapi/v1.json", "/api/v1/disks", "/nowhere"])
        {
            Answer answer = await server.GetAsync(path);
            answer.IsProblem(401);
            Assert.Equal("Bearer", answer.Response.Headers.WwwAuthenticate.ToString());
        }

        (await server.PostAsync(Cut)).IsProblem(401);
        (await SendAsync(server, "0123456789abcdeX")).IsProblem(401);
        (await SendAsync(server, "0123456789abcdef0")).IsProblem(401);
        (await SendAsync(server, "")).IsProblem(401);
        Assert.Equal(PowerState.On, server.Disk().PowerState);
        (await SendAsync(server, "0123456789abcdef")).IsOk();
    }

    [Fact]
    public async Task Over_a_Unix_socket_it_is_the_same_interface()
    {
        using TempFolder folder = new();
        string path = folder.File("admin.sock");
        ServerStarter starter = new("--admin", $"unix:{path}");
        await using ServerHost host = await starter.StartAsync();
        using HttpClient http = starter.ConnectUnix(path);
        Answer answer = await Answer.ReadAsync(await http.PostAsync(new Uri(Cut, UriKind.Relative), content: null));
        Assert.Equal(1, answer.IsOk().GetProperty("number").GetInt32());
    }

    private static Task<Answer> SendAsync(TestServer server, string token) => server.SendAsync(
        HttpMethod.Post, Cut, prepare: r => r.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}"));
}
