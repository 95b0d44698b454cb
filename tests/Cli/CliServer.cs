using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Hosting.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlockEmu.Cli.Tests;

/// <summary>A server in this process and the program that talks to it.</summary>
internal sealed class CliServer : IAsyncDisposable
{
    private readonly ServerHost _host;

    private CliServer(ServerHost host) => _host = host;

    public string Admin => $"http://{_host.AdminEndpoint}";

    public string Nbd => $"nbd://{_host.NbdEndpoints[0]}";

    public Disk Disk => _host.Disks.Find("disk0")!.Disk;

    public static DiskOptions DefaultDisk { get; } = new() { Name = "disk0", SizeBytes = 1 << 20, Seed = 7 };

    public static async Task<CliServer> StartAsync(string? token = null, DiskOptions? disk = null)
    {
        Assert.True(ListenEndpoint.TryParse("127.0.0.1:0", out ListenEndpoint? any));
        return new CliServer(await ServerHost.StartAsync(
            new ServerOptions
            {
                Disks = [new DiskSpec { Options = disk ?? DefaultDisk }],
                Nbd = [any!],
                Admin = any,
                AdminToken = token,
            },
            TimeProvider.System,
            NullLoggerFactory.Instance));
    }

    public void Write(long offset, int length)
    {
        byte[] payload = new byte[length];
        payload.AsSpan().Fill(1);
        Assert.Equal(DiskStatus.Ok, Disk.Write(Disk.PowerEpoch, offset, payload, fua: false));
    }

    public byte[] Read(long offset, int length)
    {
        byte[] bytes = new byte[length];
        Assert.Equal(DiskStatus.Ok, Disk.Read(Disk.PowerEpoch, offset, bytes));
        return bytes;
    }

    /// <summary>Runs the program against this server.</summary>
    public Task<CliRun> RunAsync(params string[] arguments) => CliRun.RunAsync([.. arguments, "--admin", Admin]);

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
