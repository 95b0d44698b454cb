using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Vm.Tests;

/// <summary>The server as a process, on free loopback ports.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
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
            "--nbd", $"127.0.0.1:{NbdPort}",
            "--nvme", $"127.0.0.1:{NvmePort}",
            "--admin", $"127.0.0.1:{AdminPort}",
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
    public int NbdPort { get; } = FreePort();

    /// <summary>The NVMe/TCP port.</summary>
    public int NvmePort { get; } = FreePort();

    /// <summary>The port of the administration.</summary>
    public int AdminPort { get; } = FreePort();

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
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.AdminPort}") };
        using var limit = new CancellationTokenSource(StartLimit);
        while (!await server.IsReadyAsync(client, limit.Token))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }

        return server;
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

    private async Task<bool> IsReadyAsync(HttpClient client, CancellationToken token)
    {
        Assert.False(_process.HasExited, _process.HasExited ? $"the server ended: {await _errors}" : "");
        try
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri("/readyz", UriKind.Relative), token);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>A loopback port that nobody listens on.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
