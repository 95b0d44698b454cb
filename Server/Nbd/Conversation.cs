using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Nbd;

/// <summary>What a connection does in turn: haggles, serves requests, falls silent.</summary>
/// <remarks>One thread at a time proceeds; what others may read is volatile.</remarks>
internal sealed class Conversation(ClientConnection connection, ClientLink link, NbdServices services) : IConversation
{
    private readonly ConnectionMemory _memory = new(services.Transport.Buffers, connection.Evict);
    private volatile Haggling? _haggling;
    private ITimer? _deadline;
    private long _startedAt;
    private DiskConnections? _room;
    private volatile bool _isStopping;
    private volatile bool _isSilent;
    private volatile bool _isLate;
    private volatile NbdSession? _session;
    private volatile ReplyBatch? _replies;
    private volatile RequestLoop? _loop;

    /// <summary>Whether no export was chosen yet.</summary>
    public bool IsInHandshake => _haggling is not null;

    /// <summary>The hold on a disk, once there is one.</summary>
    public DiskSession? Session => _session;

    public bool IsIdle => _loop is not { IsIdle: false };

    /// <summary>In NBD a server speaks when it is spoken to.</summary>
    public bool HasNews => false;

    /// <summary>The client as it is spoken to: through TLS once that has begun.</summary>
    public ClientLink Link { get; private set; } = link;

    /// <summary>Whether it waits, mute, for the power to return.</summary>
    public bool IsSilent => _isSilent;

    /// <summary>Whether the server stops.</summary>
    public bool IsStopping
    {
        get => _isStopping;
        set => _isStopping = value;
    }

    public void Start()
    {
        Link.SendAtOnce();
        Link.LimitReceives((int)services.Transport.Limits.IdlePatience.TotalMilliseconds);
        _haggling = new Haggling(
            services.Disks, Link, services.Tls?.Mode ?? NbdTlsMode.Off, TryStartTls, () => _isStopping, Extend);
        _startedAt = services.Transport.Time.GetTimestamp();
        _deadline = services.Transport.Time.CreateTimer(
            static state => ((Conversation)state!).OnHandshakeTimeout(), this, services.Transport.Limits.HandshakeDeadline,
            Timeout.InfiniteTimeSpan);
    }

    /// <summary>Goes on until there is nothing to do (None), or for good.</summary>
    public SessionEnd Proceed()
    {
        if (_isSilent)
        {
            // Awake: the client has gone, or was reset.
            return SessionEnd.Reset;
        }

        SessionEnd end = _loop is null ? Haggle() : _loop.Run();
        return end == SessionEnd.Silence ? FallSilent() : end;
    }

    /// <summary>The connection was reset: nothing is worth waiting for. Any thread.</summary>
    public void Abort() => _memory.Abort();

    public bool TryPassGate(TimeSpan patience) => _replies?.TryPassGate(patience) ?? true;

    /// <summary>Lets the disk and all memory go.</summary>
    public void Dispose()
    {
        _deadline?.Dispose();
        _loop?.Release();
        _room?.Leave(connection);
        if (_session is { } session)
        {
            session.Served.Meter.Close(session.Meter);
        }
    }

    private SessionEnd Haggle()
    {
        NbdNegotiationOutcome? outcome = _haggling!.Run();
        if (outcome == NbdNegotiationOutcome.NeedMore)
        {
            return SessionEnd.None;
        }

        Haggling haggling = _haggling;
        _haggling = null;
        _deadline!.Dispose();
        return outcome is { } certain ? Judge(haggling, certain) : SessionEnd.Close;
    }

    private ClientTls? TryStartTls()
    {
        ClientTls? secured = ClientTls.TryAuthenticate(Link, services.Tls!.CreateAuthentication(), out string failure);
        if (secured is not null)
        {
            Link = secured;
        }
        else if (!_isStopping && !_isLate)
        {
            services.Transport.CountError(NbdProtocolErrorKinds.TlsHandshakeFailed);
            NbdLog.HandshakeFailed(services.Logger, connection.Number, failure);
        }

        return secured;
    }

    /// <summary>An option was answered: the next one has as long again, within the bound of all.</summary>
    private void Extend()
    {
        FrontEndLimits limits = services.Transport.Limits;
        TimeSpan left = limits.HandshakeBound - services.Transport.Time.GetElapsedTime(_startedAt);
        left = left < TimeSpan.Zero ? TimeSpan.Zero : left;
        _deadline!.Change(left < limits.HandshakeDeadline ? left : limits.HandshakeDeadline, Timeout.InfiniteTimeSpan);
    }

    private void OnHandshakeTimeout()
    {
        _isLate = true;
        services.Transport.CountError(FrontEndServices.HandshakeTimeout);
        connection.Reset();
    }

    private SessionEnd Judge(Haggling haggling, NbdNegotiationOutcome outcome)
    {
        switch (outcome)
        {
            case NbdNegotiationOutcome.Chosen:
                return Open(haggling);
            case NbdNegotiationOutcome.Silent:
                return TryJoin(haggling.Named!) ? SessionEnd.Silence : SessionEnd.Reset;
            case NbdNegotiationOutcome.Dropped when haggling.DropReason == NbdDropReason.ExportOff:
                return SessionEnd.Reset;
            default:
                if (NbdProtocolErrorKinds.Of(haggling.DropReason) is { } kind)
                {
                    services.Transport.CountError(kind);
                }

                return SessionEnd.Close;
        }
    }

    private SessionEnd Open(Haggling haggling)
    {
        ServedDisk served = haggling.Named!;

        // First the session, so that the room never shows a connection without an epoch; then the look at the power.
        var session = new NbdSession(served, haggling.Terms!, served.Meter.Open(NbdFrontEnd.Label, connection.Origin));
        var replies = new ReplyBatch(session, Link, _memory);
        (_replies, _session) = (replies, session);
        if (!TryJoin(served))
        {
            return SessionEnd.Reset;
        }

        session.CheckPower();
        NbdLog.Opened(services.Logger, connection.Number, session.Export.Name);
        SessionEnd end = IsRemoved(served) ? SessionEnd.Reset
            : session.IsLive ? SessionEnd.None
            : session.EndWhenNotLive();
        if (end != SessionEnd.None)
        {
            return end;
        }

        var loop = new RequestLoop(session, Link, replies, _memory, services.Transport.ProtocolErrors, () => _isStopping);
        _loop = loop;
        if (!haggling.SendReplies())
        {
            return SessionEnd.Close;
        }

        loop.Begin(haggling.LeftOver);
        return loop.Run();
    }

    /// <summary>False when the disk has been removed since it was named.</summary>
    private bool TryJoin(ServedDisk served)
    {
        _room = services.Room(served);
        _room?.Join(connection);
        return _room is not null;
    }

    /// <summary>Asked after joining: whoever removes a disk first takes it from the registry, then ends who has joined.</summary>
    private bool IsRemoved(ServedDisk served) => !services.Disks.All.Contains(served);

    /// <summary>From here on nothing is read or answered until the power returns (which resets the connection), the client
    /// goes, or the server stops.</summary>
    private SessionEnd FallSilent()
    {
        _loop?.Release();
        _isSilent = true;
        Interlocked.MemoryBarrier();

        // The power may have returned, or the disk gone, before the room could see that we are silent: then nobody would wake
        // us.
        ServedDisk served = _room!.Served;
        return IsPowerBack(served.Disk) || _isStopping || IsRemoved(served) ? SessionEnd.Reset : SessionEnd.None;
    }

    private bool IsPowerBack(Disk disk) =>
        disk.PowerState != PowerState.Off || (_session is { } session && session.Epoch != disk.PowerEpoch);
}
