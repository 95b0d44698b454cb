using System.Net.Http.Headers;
using System.Text;
using BlockEmu.Device;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Hosting.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlockEmu.Server.Tests.Support;

/// <summary>The real server in this process, on ports of its own, with a client for its HTTP interface.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private TestServer(ServerHost host)
    {
        Host = host;
        Http = new HttpClient { BaseAddress = new Uri($"http://{host.AdminEndpoint}") };
    }

    public ServerHost Host { get; }

    public HttpClient Http { get; }

    /// <summary>Starts with the options of the command line; NBD is off and HTTP on a free port unless said otherwise.</summary>
    public static async Task<TestServer> StartAsync(params string[] arguments) => await StartAsync(TimeProvider.System, arguments);

    public static async Task<TestServer> StartAsync(TimeProvider time, params string[] arguments)
    {
        string[] nbd = arguments.Contains("--nbd") ? [] : ["--nbd", "none"];
        string[] admin = arguments.Contains("--admin") ? [] : ["--admin", "127.0.0.1:0"];
        ServerOptions options = new CommandLine().Parse([.. arguments, .. nbd, .. admin], TextWriter.Null)!;
        return new TestServer(await ServerHost.StartAsync(options, time, NullLoggerFactory.Instance));
    }

    public DiskControl Control(string name = "disk0") => Host.Disks.Find(name)!;

    public Disk Disk(string name = "disk0") => Control(name).Disk;

    /// <summary>Fills a range of a disk with one byte, cached unless FUA is asked for.</summary>
    public void Fill(long offset, int length, byte value, bool fua = false, string disk = "disk0")
    {
        byte[] payload = new byte[length];
        payload.AsSpan().Fill(value);
        Assert.Equal(DiskStatus.Ok, Disk(disk).Write(Disk(disk).PowerEpoch, offset, payload, fua));
    }

    public byte[] Read(long offset, int length, string disk = "disk0")
    {
        byte[] bytes = new byte[length];
        Assert.Equal(DiskStatus.Ok, Disk(disk).Read(Disk(disk).PowerEpoch, offset, bytes));
        return bytes;
    }

    public async Task<Answer> GetAsync(string path) => await SendAsync(HttpMethod.Get, path);

    /// <summary>A POST with a JSON body, or without any body at all.</summary>
    public async Task<Answer> PostAsync(string path, string? json = null) => await SendAsync(HttpMethod.Post, path, json);

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? json = null, Action<HttpRequestMessage>? prepare = null)
    {
        using HttpRequestMessage request = new(method, path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        prepare?.Invoke(request);
        using HttpResponseMessage response = await Http.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
    }
}
