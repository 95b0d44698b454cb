using System.Collections.Concurrent;
using System.Net.Sockets;
using BlockEmu.Device.Power;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;

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

    private readonly NbdServices _services;
    private readonly ConcurrentDictionary<NbdConnection, bool> _connections = new();
    private readonly ConcurrentDictionary<ServedDisk, DiskConnections> _rooms = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Protects the listeners and the turn to stopping.
    private readonly Lock _gate = new();
    private readonly List<NbdListener> _listeners = [];
    private volatile bool _isStopping;
    private Task? _stopped;
    private long _lastNumber;

    // One for each connection, and one for the front end itself until it stops.
    private int _holders = 1;

    public NbdFrontEnd(
        DiskRegistry disks, TimeProvider time, ProtocolErrors protocolErrors, ILogger<NbdFrontEnd> logger,
        NbdFrontEndLimits? limits = null, NbdTls? tls = null) =>
        _services = new NbdServices
        {
            Disks = disks,
            Time = time,
            ProtocolErrors = protocolErrors,
            Limits = limits ?? new NbdFrontEndLimits(),
            Logger = logger,
            Room = FindRoom,
            Tls = tls,
        };

    /// <summary>Binds and starts accepting; returns the bound endpoint (the real port). Throws
    /// <see cref="SocketException"/> when the address cannot be had.</summary>
    public ListenEndpoint Listen(ListenEndpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isStopping, this);
#pragma warning disable CA2000 // The list of listeners owns it.
            return Start(new NbdListener(endpoint, _services.Time, _services.Logger));
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
            return Start(new NbdListener(listening, _services.Time, _services.Logger));
#pragma warning restore CA2000
        }
    }

    /// <summary>Serves one client that is connected already; the task ends with its connection.</summary>
    internal Task ServeAsync(ClientLink link)
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Admit(link, connection =>
        {
            OnEnded(connection);
            ended.TrySetResult();
        });
        return ended.Task;
    }

    /// <summary>How many connections have a disk open.</summary>
    public int CountConnections(ServedDisk disk) =>
        _rooms.TryGetValue(disk, out DiskConnections? room) ? room.CountTransmitting() : 0;

    /// <summary>How many connections wait for their clients without a thread.</summary>
    internal int CountParked() => _services.Parking.Count;

    /// <summary>Bytes of all connections' buffers that the budget has given out.</summary>
    internal long BufferBytes => _services.Buffers.UsedBytes;

    /// <summary>For whoever moved a disk's power, or took the disk from the registry: returns when no connection of the disk
    /// can send a success that was decided before; a disk that has power and is still served is left alone. The disk's own PowerChanged has done the same
    /// before its cut returned: this is for callers that must not depend on it. Bounded by <see cref="NbdFrontEndLimits.SilenceGrace"/>: a
    /// connection whose client does not take its replies by then is reset.</summary>
    public void Silence(ServedDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        bool isRemoved;
        DiskConnections? room;
        lock (_gate)
        {
            // Gone for good, so that nothing of it is kept: nobody can name it any more, and FindRoom makes it no new one.
            isRemoved = !_services.Disks.All.Contains(disk);
            _rooms.TryGetValue(disk, out room);
            if (isRemoved)
            {
                _rooms.TryRemove(disk, out _);
            }
        }

        if (isRemoved || disk.Disk.PowerState == PowerState.Off)
        {
            room?.Silence();
        }

        if (isRemoved)
        {
            room?.Dispose();
        }
    }

    /// <summary>Disks for which something is kept here.</summary>
    internal int RoomCount => _rooms.Count;

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

    public ValueTask DisposeAsync() => new(StopAsync(TimeSpan.Zero));

    private async Task StopOnceAsync(TimeSpan grace)
    {
        await Task.WhenAll(_listeners.Select(l => l.DisposeAsync().AsTask()));
        foreach (NbdConnection connection in _connections.Keys)
        {
            connection.Stop();
        }

        Release();
        if (grace > TimeSpan.Zero)
        {
            await Task.WhenAny(_empty.Task, Task.Delay(grace, _services.Time));
        }

        foreach (NbdConnection connection in _connections.Keys)
        {
            connection.Reset();
        }

        // What is left now is inside a disk's call, which ends: the disks must not be closed before.
        await _empty.Task;
        _services.Dispose();
        foreach (DiskConnections room in _rooms.Values)
        {
            room.Dispose();
        }
    }

    private ListenEndpoint Start(NbdListener listener)
    {
        _listeners.Add(listener);
        listener.Start(Accept);
        NbdLog.Listening(_services.Logger, listener.Endpoint);
        return listener.Endpoint;
    }

    private void Accept(Socket accepted)
    {
        if (_connections.Count >= _services.Limits.MaxConnections && !TryEndOldestHandshake())
        {
            _services.ProtocolErrors.Count(Label, NbdProtocolErrorKinds.TooManyConnections);
            NbdLog.TooManyConnections(_services.Logger, _services.Limits.MaxConnections);
            accepted.Close(0);
            return;
        }

#pragma warning disable CA2000 // The connection owns it.
        Admit(new ClientSocket(accepted), OnEnded);
#pragma warning restore CA2000
    }

    /// <summary>Makes place for a client by resetting one that does not get on with its handshake: clients that never choose
    /// an export cannot keep out those that would.</summary>
    private bool TryEndOldestHandshake()
    {
        NbdConnection? oldest = _connections.Keys.Where(c => c.IsSlowInHandshake).MinBy(c => c.Number);
        if (oldest is null || !oldest.TryGiveUpHandshake())
        {
            return false;
        }

        _services.ProtocolErrors.Count(Label, NbdProtocolErrorKinds.HandshakeCrowdedOut);
        oldest.Reset();
        return true;
    }

    private void Admit(ClientLink link, Action<NbdConnection> onEnded)
    {
        var connection = new NbdConnection(Interlocked.Increment(ref _lastNumber), link, _services);
        Interlocked.Increment(ref _holders);
        _connections.TryAdd(connection, true);
        connection.Ended += onEnded;
        connection.Start();
    }

    private void OnEnded(NbdConnection connection)
    {
        _connections.TryRemove(connection, out _);
        Release();
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            _empty.TrySetResult();
        }
    }

    /// <summary>The connections of a disk; null once it has left the registry.</summary>
    internal DiskConnections? FindRoom(ServedDisk served)
    {
        if (_rooms.TryGetValue(served, out DiskConnections? room))
        {
            return room;
        }

        lock (_gate)
        {
            if (!_services.Disks.All.Contains(served))
            {
                return null;
            }

            // Made under the lock: each subscribes to its disk, so a second one must never be made and dropped.
            return _rooms.GetOrAdd(served, s => new DiskConnections(s, _services.Limits.SilenceGrace, _services.Logger));
        }
    }
}
