using System.Net.Sockets;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Transport;

/// <summary>One bound address and the loop that accepts on it.</summary>
internal sealed class ClientListener : IAsyncDisposable
{
    private const int Backlog = 512;
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket;
    private readonly UnixSocketFile? _file;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TimeProvider _time;
    private readonly IFrontEndLog _log;
    private Task _accepting = Task.CompletedTask;

    /// <summary>Binds and listens. Throws <see cref="SocketException"/> when the address cannot be had.</summary>
    public ClientListener(ListenEndpoint endpoint, TimeProvider time, IFrontEndLog log)
    {
        _time = time;
        _log = log;
        _socket = BoundSocket.Listen(endpoint, Backlog, out _file);
        bool isKnown = ListenEndpoint.TryParse($"{_socket.LocalEndPoint}", out ListenEndpoint? bound);
        Endpoint = endpoint.UnixPath is null && isKnown ? bound! : endpoint;
    }

    /// <summary>Takes over a socket that is bound and listens.</summary>
    public ClientListener(Socket listening, TimeProvider time, IFrontEndLog log)
    {
        _time = time;
        _log = log;
        _socket = listening;
        Endpoint = ListenEndpoint.OfBound(listening.LocalEndPoint!);
    }

    /// <summary>Where it really listens: port 0 has become a number.</summary>
    public ListenEndpoint Endpoint { get; }

    public void Start(Action<Socket> onAccepted) => _accepting = AcceptAsync(onAccepted);

    /// <summary>Returns when nothing more will be accepted; a Unix socket's file is gone then.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _file?.Remove();
        _socket.Dispose();
        await _accepting;
        _stopping.Dispose();
        _log.StoppedListening(Endpoint);
    }

    private async Task AcceptAsync(Action<Socket> onAccepted)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                onAccepted(await _socket.AcceptAsync(_stopping.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // A client that left before it was accepted, or no descriptor left: neither ends the listener.
                _log.AcceptFailed(Endpoint, e.Message);
                await Task.Delay(PauseAfterFailure, _time, CancellationToken.None);
            }
        }
    }
}
