using System.Diagnostics;
using System.Net;
using System.Text.Json;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Vm.Tests;

/// <summary>The server as a process, on free loopback ports.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = Pace.Seconds(60);
    private readonly Process _process;
    private readonly Task<string> _output;   // read, so that the server never waits for a reader
    private readonly Task<string> _errors;
    private readonly DirectoryInfo _certificates = Directory.CreateTempSubdirectory("blockemu-vm-");

    private TestServer(params IEnumerable<string> disks)
    {
        using TestAuthority authority = new();
        authority.WriteTo(_certificates.FullName);
        RootPem = authority.RootPem;
        string[] arguments =
        [
            Repository.ServerProgram,
            .. disks.SelectMany(disk => new[] { "--disk", disk }),
            "--tls", "selective",
            "--tls-cert", Path.Combine(_certificates.FullName, "server-cert.pem"),
            "--tls-key", Path.Combine(_certificates.FullName, "server-key.pem"),
            "--nbd", "127.0.0.1:0", "--nvme", "127.0.0.1:0", "--admin", "127.0.0.1:0",
            "--ready-file", ReadyPath,
        ];
        _process = Process.Start(new ProcessStartInfo("dotnet", arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _output = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        _errors = _process.StandardError.ReadToEndAsync(CancellationToken.None);
    }

    /// <summary>The certificate by which clients know the server, whose name is <c>localhost</c>.</summary>
    public string RootPem { get; }

    /// <summary>The NBD port.</summary>
    public int NbdPort { get; private set; }

    /// <summary>The NVMe/TCP port.</summary>
    public int NvmePort { get; private set; }

    /// <summary>The port of the administration.</summary>
    public int AdminPort { get; private set; }

    private string ReadyPath => Path.Combine(_certificates.FullName, "ready");

    /// <summary>Starts it with memory disks <c>disk512</c>, <c>disk4096</c> and <c>journal</c>, and <c>secret</c>, which is for clients
    /// with TLS only.</summary>
    public static Task<TestServer> StartAsync() => StartAsync(
        "name=disk512,size=512M,block=512,seed=1",
        "name=disk4096,size=512M,block=4096,seed=1",
        "name=journal,size=256M,block=512,seed=1",
        "name=secret,size=256M,block=512,seed=1,tls");

    /// <summary>Starts it with these disks and waits until it says that it is ready.</summary>
    public static async Task<TestServer> StartAsync(params IEnumerable<string> disks)
    {
        var server = new TestServer(disks);
        using var limit = new CancellationTokenSource(StartLimit);
        while (!File.Exists(server.ReadyPath))
        {
            Assert.False(server._process.HasExited, server._process.HasExited ? $"the server ended: {await server._errors}" : "");
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }

        using JsonDocument ready = JsonDocument.Parse(await File.ReadAllBytesAsync(server.ReadyPath, limit.Token));
        server.NbdPort = PortOf(ready.RootElement.GetProperty("nbd")[0]);
        server.NvmePort = PortOf(ready.RootElement.GetProperty("nvme")[0]);
        server.AdminPort = PortOf(ready.RootElement.GetProperty("admin"));
        return server;

        static int PortOf(JsonElement endpoint) => IPEndPoint.Parse(endpoint.GetString()!).Port;
    }

    /// <summary>What Prometheus would read.</summary>
    public async Task<string> ReadMetricsAsync()
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{AdminPort}") };
        return await client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        await Task.WhenAll(_output, _errors);
        _process.Dispose();
        _certificates.Delete(recursive: true);
    }
}
