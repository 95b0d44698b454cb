using System.Net.Sockets;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Nbd;

/// <summary>Serves every disk of a registry over NBD.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>One blocking thread for each busy connection; requests run to completion on it. Those that are idle
/// share one.</description></item>
/// <item><description>A disk's power moves act on its connections before the move returns, as its OffBehaviour
/// says.</description></item>
/// <item><description>After <see cref="StopAsync"/> no thread of the front end touches a disk.</description></item>
/// </list>
/// </remarks>
public sealed class NbdFrontEnd : IAsyncDisposable
{
    /// <summary>The label <c>front_end</c> of the metrics.</summary>
    public const string Label = "nbd";

    private readonly DiskRooms _rooms;
    private readonly ClientFrontEnd _clients;

    public NbdFrontEnd(
        DiskRegistry disks, TimeProvider time, ProtocolErrors protocolErrors, ILogger<NbdFrontEnd> logger,
        FrontEndLimits? limits = null, NbdTls? tls = null)
    {
        NbdFrontEndLog log = new(logger);
        FrontEndServices services = new()
        {
            Label = Label,
            Time = time,
            ProtocolErrors = protocolErrors,
            Limits = limits ?? new FrontEndLimits(),
            Log = log,
        };
        _rooms = new DiskRooms(disks, services.Limits.SilenceGrace, log);
        NbdServices nbd = new() { Transport = services, Disks = disks, Logger = logger, Room = _rooms.Find, Tls = tls };
        _clients = new ClientFrontEnd(services, (connection, link) => new Conversation(connection, link, nbd));
    }

    /// <inheritdoc cref="ClientFrontEnd.Listen"/>
    public ListenEndpoint Listen(ListenEndpoint endpoint) => _clients.Listen(endpoint);

    /// <inheritdoc cref="ClientFrontEnd.Adopt"/>
    public ListenEndpoint Adopt(Socket listening) => _clients.Adopt(listening);

    /// <inheritdoc cref="ClientFrontEnd.ServeAsync"/>
    internal Task ServeAsync(ClientLink link) => _clients.ServeAsync(link);

    /// <inheritdoc cref="DiskRooms.CountConnections"/>
    public int CountConnections(ServedDisk disk) => _rooms.CountConnections(disk);

    /// <summary>How many connections wait for their clients without a thread.</summary>
    internal int CountParked() => _clients.ParkedCount;

    /// <summary>Bytes of all connections' buffers that the budget has given out.</summary>
    internal long BufferBytes => _clients.BufferBytes;

    /// <inheritdoc cref="DiskRooms.Silence"/>
    public void Silence(ServedDisk disk) => _rooms.Silence(disk);

    /// <inheritdoc cref="DiskRooms.Count"/>
    internal int RoomCount => _rooms.Count;

    /// <inheritdoc cref="DiskRooms.Find"/>
    internal DiskConnections? FindRoom(ServedDisk served) => _rooms.Find(served);

    /// <inheritdoc cref="ClientFrontEnd.StopAsync"/>
    public async Task StopAsync(TimeSpan grace)
    {
        await _clients.StopAsync(grace);
        _rooms.Dispose();
    }

    public ValueTask DisposeAsync() => new(StopAsync(TimeSpan.Zero));
}
