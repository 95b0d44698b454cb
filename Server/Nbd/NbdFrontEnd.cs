using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Nbd;

/// <summary>Serves every disk of a registry over NBD.</summary>
public sealed class NbdFrontEnd(DiskRegistry disks, TimeProvider time, ProtocolErrors protocolErrors, ILogger<NbdFrontEnd> logger) : IAsyncDisposable
{
    /// <summary>Binds and starts accepting; returns the bound endpoint (the real port). Throws
    /// <see cref="System.Net.Sockets.SocketException"/> when the address cannot be had.</summary>
    public ListenEndpoint Listen(ListenEndpoint endpoint)
    {
        _ = (disks, time, protocolErrors, logger);
        throw new NotSupportedException(endpoint.Text);
    }

    /// <summary>How many connections have a disk open.</summary>
    public int CountConnections(ServedDisk disk) => disk is null ? 0 : throw new NotSupportedException();

    /// <summary>Stops accepting, lets what is in flight be answered (at most <paramref name="grace"/>), closes; Unix sockets are removed.</summary>
    public Task StopAsync(TimeSpan grace) => throw new NotSupportedException($"{grace}");

    public ValueTask DisposeAsync() => new(StopAsync(TimeSpan.Zero));
}
