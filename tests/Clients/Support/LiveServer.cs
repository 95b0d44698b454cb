using System.Net;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Nbd;
using BlockEmu.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlockEmu.Clients.Tests.Support;

/// <summary>The whole server in this process, over TCP and a Unix socket, with a disk that loses all that is pending and a
/// read-only one.</summary>
internal sealed class LiveServer : IAsyncDisposable
{
    public const string DiskName = "disk0";
    public const string ReadOnlyName = "ro";
    public const long DiskBytes = 64 << 20;
    public const long ReadOnlyBytes = 1 << 20;

    /// <summary>Nothing takes this long; it turns a hanging server into a failure.</summary>
    public static readonly TimeSpan Patience = Pace.Seconds(60);

    private readonly TempFolder _folder;

    private LiveServer(TempFolder folder, ServerHost host)
    {
        _folder = folder;
        Host = host;
    }

    public ServerHost Host { get; }

    public DiskControl Control => Host.Disks.Find(DiskName)!;

    public Disk Disk => Control.Disk;

    public static DiskOptions DefaultDisk { get; } =
        new() { Name = DiskName, SizeBytes = DiskBytes, Description = "the first", Seed = 7, Loss = LossModel.LoseAll };

    public static async Task<LiveServer> StartAsync(
        DiskOptions? disk = null, bool hasAdmin = false, int minBlockBytes = 1, NbdTls? tls = null, params DiskSpec[] more)
    {
        TempFolder folder = new();
        ServerOptions options = new()
        {
            Disks =
            [
                new DiskSpec { Options = disk ?? DefaultDisk, NbdMinimumBlockBytes = minBlockBytes },
                new DiskSpec { Options = new DiskOptions { Name = ReadOnlyName, SizeBytes = ReadOnlyBytes, IsReadOnly = true, Seed = 7 } },
                .. more,
            ],
            Tls = tls,
            Nbd = [Parse("127.0.0.1:0"), Parse($"unix:{folder.File("nbd.sock")}")],
            Admin = hasAdmin ? Parse("127.0.0.1:0") : null,
        };
        return new LiveServer(folder, await ServerHost.StartAsync(options, TimeProvider.System, NullLoggerFactory.Instance));
    }

    public static ListenEndpoint Parse(string text) =>
        ListenEndpoint.TryParse(text, out ListenEndpoint? endpoint) ? endpoint! : throw new ArgumentException(text, nameof(text));

    /// <summary>An export's URI as clients take it; the empty name is the default export.</summary>
    public string Uri(Transport transport, string export = DiskName) => transport == Transport.Tcp
        ? $"nbd://{Host.NbdEndpoints[0]}/{export}"
        : $"nbd+unix:///{export}?socket={Host.NbdEndpoints[1].UnixPath}";

    public EndPoint EndPoint(Transport transport) => Host.NbdEndpoints[transport == Transport.Tcp ? 0 : 1].EndPoint;

    /// <summary>Reads visible content through a client of our own.</summary>
    public byte[] Read(long offsetBytes, int lengthBytes)
    {
        using NbdClient client = NbdClient.Connect(EndPoint(Transport.Tcp), Patience);
        client.Go(DiskName);
        byte[] bytes = new byte[lengthBytes];
        Assert.Equal(NbdError.None, client.Read(offsetBytes, bytes));
        return bytes;
    }

    /// <summary>Takes the power away, with all that was not flushed, and returns it.</summary>
    public async Task LosePowerAsync()
    {
        await Control.CutAsync(seed: null, LossModel.LoseAll, OffBehaviour.Reset);
        await Control.PowerOnAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _folder.Dispose();
    }
}
