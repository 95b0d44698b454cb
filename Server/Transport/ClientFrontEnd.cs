using System.Net.Sockets;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Transport;

/// <summary>Listeners and connections of one front end, whatever is spoken on them.</summary>
/// <param name="services">What its connections share; it is disposed of with the front end.</param>
/// <param name="converse">Begins to speak with a client.</param>
internal sealed class ClientFrontEnd(FrontEndServices services, Func<ClientConnection, ClientLink, IConversation> converse)
{
    private readonly ConnectionSet<ClientConnection> _connections = new();

    // Protects the listeners and the turn to stopping.
    private readonly Lock _gate = new();
    private readonly List<ClientListener> _listeners = [];
    private volatile bool _isStopping;
    private Task? _stopped;
    private long _lastNumber;

    /// <summary>How many connections wait for their clients without a thread.</summary>
    public int ParkedCount => services.Parking.Count;

    /// <summary>Bytes of all connections' buffers that the budget has given out.</summary>
    public long BufferBytes => services.Buffers.UsedBytes;

    /// <summary>Binds and starts accepting; returns the bound endpoint (the real port). Throws
    /// <see cref="SocketException"/> when the address cannot be had.</summary>
    public ListenEndpoint Listen(ListenEndpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isStopping, this);
#pragma warning disable CA2000 // The list of listeners owns it.
            return Start(new ClientListener(endpoint, services.Time, services.Log));
#pragma warning restore CA2000
        }
    }

    /// <summary>Starts accepting on a socket that listens already; it is ours from here on, the file of a Unix socket is
    /// not.</summary>
    public ListenEndpoint Adopt(Socket listening)
    {
        ArgumentNullException.ThrowIfNull(listening);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isStopping, this);
#pragma warning disable CA2000 // The list of listeners owns it.
            return Start(new ClientListener(listening, services.Time, services.Log));
#pragma warning restore CA2000
        }
    }

    /// <summary>Serves one client that is connected already; the task ends with its connection.</summary>
    public Task ServeAsync(ClientLink link)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Admit(link, connection =>
        {
            _connections.Remove(connection);
            ended.TrySetResult();
        });
        return ended.Task;
    }

    /// <summary>Stops accepting, lets what is in flight be answered and refuses what comes after it (at most
    /// <paramref name="grace"/>), closes; Unix sockets are removed.</summary>
    public Task StopAsync(TimeSpan grace)
    {
        lock (_gate)
        {
            _isStopping = true;
            return _stopped ??= StopOnceAsync(grace);
        }
    }

    private async Task StopOnceAsync(TimeSpan grace)
    {
        await Task.WhenAll(_listeners.Select(l => l.DisposeAsync().AsTask()));
        await _connections.StopAsync(grace, services.Time);
        services.Dispose();
    }

    private ListenEndpoint Start(ClientListener listener)
    {
        _listeners.Add(listener);
        listener.Start(Accept);
        services.Log.Listening(listener.Endpoint);
        return listener.Endpoint;
    }

    private void Accept(Socket accepted)
    {
        if (_connections.Count >= services.Limits.MaxConnections && !TryEndOldestHandshake())
        {
            services.CountError(FrontEndServices.TooManyConnections);
            services.Log.TooManyConnections(services.Limits.MaxConnections);
            accepted.Close(0);
            return;
        }

#pragma warning disable CA2000 // The connection owns it.
        Admit(new ClientSocket(accepted), _connections.Remove);
#pragma warning restore CA2000
    }

    /// <summary>Makes place for a client by resetting one that does not get on with its handshake: clients that never say what
    /// they want cannot keep out those that would.</summary>
    private bool TryEndOldestHandshake()
    {
        ClientConnection? oldest = _connections.All.Where(c => c.IsSlowInHandshake).MinBy(c => c.Number);
        if (oldest is null || !oldest.TryGiveUpHandshake())
        {
            return false;
        }

        services.CountError(FrontEndServices.HandshakeCrowdedOut);
        oldest.Reset();
        return true;
    }

    private void Admit(ClientLink link, Action<ClientConnection> onEnded)
    {
#pragma warning disable CA2000 // It disposes of itself when it ends.
        ClientConnection connection = new(Interlocked.Increment(ref _lastNumber), link, services, c => converse(c, link));
#pragma warning restore CA2000
        _connections.Add(connection);
        connection.Ended += onEnded;
        connection.Start();
    }
}
