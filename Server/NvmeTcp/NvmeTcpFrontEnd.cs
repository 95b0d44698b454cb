using System.Net;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Nvme;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>Serves every disk of a registry over NVMe/TCP, each as a subsystem of its own.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>One connection for each queue, and one blocking thread for each busy connection; commands run to completion on
/// it, but for those whose data is to come. Those that are idle share one.</description></item>
/// <item><description>A disk's power moves act on its connections before the move returns, as its OffBehaviour
/// says.</description></item>
/// <item><description>After <see cref="StopAsync"/> no thread of the front end touches a disk.</description></item>
/// </list>
/// </remarks>
public sealed class NvmeTcpFrontEnd : IAsyncDisposable
{
    /// <summary>The label <c>front_end</c> of the metrics.</summary>
    public const string Label = "nvme";

    private readonly NvmeTarget _target;
    private readonly ClientFrontEnd _clients;

    public NvmeTcpFrontEnd(
        DiskRegistry disks, TimeProvider time, ProtocolErrors protocolErrors, ILogger<NvmeTcpFrontEnd> logger,
        FrontEndLimits? limits = null)
    {
        _target = new NvmeTarget(disks, time, logger);
        NvmeTcpServices services = new()
        {
            Transport = new FrontEndServices
            {
                Label = Label,
                Time = time,
                ProtocolErrors = protocolErrors,
                Limits = limits ?? new FrontEndLimits(),
                Log = new NvmeTcpFrontEndLog(logger),
            },
            Target = _target,
            Logger = logger,
        };
        _clients = new ClientFrontEnd(services.Transport, (connection, link) => new QueueConversation(connection, link, services));
    }

    /// <inheritdoc cref="ClientFrontEnd.Listen"/>
    public ListenEndpoint Listen(ListenEndpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ListenEndpoint bound = _clients.Listen(endpoint);
        if (endpoint.Advertised is { } advertised)
        {
            _target.Advertise((IPEndPoint)bound.EndPoint, advertised);
        }

        _target.Serve();
        return bound;
    }

    /// <summary>What hosts can connect to.</summary>
    internal NvmeTarget Target => _target;

    /// <summary>How many connections wait for their clients without a thread.</summary>
    internal int CountParked() => _clients.ParkedCount;

    /// <summary>Bytes of all connections' buffers that the budget has given out.</summary>
    internal long BufferBytes => _clients.BufferBytes;

    /// <inheritdoc cref="ClientFrontEnd.StopAsync"/>
    public async Task StopAsync(TimeSpan grace)
    {
        _target.LetGo();
        await _clients.StopAsync(grace);
        _target.Dispose();
    }

    public ValueTask DisposeAsync() => new(StopAsync(TimeSpan.Zero));
}
