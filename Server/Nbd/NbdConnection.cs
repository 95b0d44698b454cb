using System.Diagnostics;
using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Nbd;

/// <summary>The lifetime of one connection: its thread, what it does in turn, how it ends.</summary>
internal sealed class NbdConnection(long number, ClientLink link, NbdServices services) : IDisposable
{
    private const int ThreadStackBytes = 256 << 10;

    private readonly ClientLink _socket = link;
    private volatile bool _isStopping;
    private volatile bool _isSilent;
    private volatile DiskSession? _session;
    private volatile ReplyBatch? _replies;
    private volatile RequestLoop? _loop;

    /// <summary>Called once, on the connection's thread, when it is over and touches nothing any more.</summary>
    public event Action<NbdConnection>? Ended;

    /// <summary>Whether it serves requests of a disk.</summary>
    public bool IsTransmitting => _session is not null;

    /// <summary>False when the machine has no thread left.</summary>
    public bool TryStart()
    {
        try
        {
            new Thread(Run, ThreadStackBytes) { IsBackground = true, Name = $"nbd-{number}" }.Start();
            return true;
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            NbdLog.Faulted(services.Logger, number, e);
            return false;
        }
    }

    /// <summary>Drops the connection at once; when this returns, nothing can leave on it any more. Any thread.</summary>
    public void Reset() => _socket.Reset();

    public void Dispose() => _socket.Dispose();

    /// <summary>What is being carried out is answered, what comes after it is refused with a shutdown error, then the
    /// connection ends. Any thread.</summary>
    public void Stop()
    {
        _isStopping = true;
        if (_isSilent)
        {
            _socket.Reset();
        }
        else if (_loop is not { IsIdle: false })
        {
            // Woken, it finds nothing and ends. One that is at work sees it by itself before it waits again, or within
            // the second of its receive.
            _socket.EndReceiving();
        }
    }

    /// <summary>After a cut: returns when no success can leave any more; false when that took resetting the connection.
    /// Any thread.</summary>
    public bool Silence(TimeSpan patience)
    {
        long startedAt = Stopwatch.GetTimestamp();
        if ((_replies?.TryPassGate(patience) ?? true)
            && SpinWait.SpinUntil(() => !_socket.HasUnsentBytes, Left(patience, startedAt)))
        {
            return true;
        }

        Reset();
        return false;
    }

    private bool IsPowerBack(Disk disk) =>
        disk.PowerState != PowerState.Off || (_session is { } session && session.Epoch != disk.PowerEpoch);

    private static TimeSpan Left(TimeSpan patience, long startedAt)
    {
        TimeSpan left = patience - Stopwatch.GetElapsedTime(startedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Before a cut's <see cref="Silence"/>: the power has gone. Any thread.</summary>
    public void LosePower() => _session?.LosePower();

    /// <summary>Whether the connection comes from before the disk's present power-on.</summary>
    public bool IsFromBefore(long powerEpoch) => _isSilent || _session is not { } session || session.Epoch != powerEpoch;

    private void Run()
    {
        try
        {
            SessionEnd end = Haggle(out Haggling haggling) is { } outcome ? Serve(haggling, outcome) : SessionEnd.Close;
            if (end == SessionEnd.Reset)
            {
                _socket.Reset();
            }

            NbdLog.Ended(services.Logger, number, end.ToString());
        }
        catch (Exception fault)
        {
            // Ours, and only this client's: it must not take the process down.
            NbdLog.Faulted(services.Logger, number, fault);
            _socket.Reset();
        }
        finally
        {
            Dispose();
            Ended?.Invoke(this);
        }
    }

    private NbdNegotiationOutcome? Haggle(out Haggling haggling)
    {
        _socket.SendAtOnce();
        haggling = new Haggling(services.Disks, _socket, () => _isStopping);
        using ITimer deadline = services.Time.CreateTimer(
            static state => ((NbdConnection)state!).OnHandshakeTimeout(), this, services.Limits.HandshakeDeadline,
            Timeout.InfiniteTimeSpan);
        return haggling.Run();
    }

    private void OnHandshakeTimeout()
    {
        services.ProtocolErrors.Count(NbdFrontEnd.Label, NbdProtocolErrorKinds.HandshakeTimeout);
        Reset();
    }

    private SessionEnd Serve(Haggling haggling, NbdNegotiationOutcome outcome)
    {
        switch (outcome)
        {
            case NbdNegotiationOutcome.Chosen:
                return Transmit(haggling);
            case NbdNegotiationOutcome.Silent:
                DiskConnections named = services.Room(haggling.Named!);
                named.Join(this);
                StaySilent(named);
                return SessionEnd.Silence;
            case NbdNegotiationOutcome.Dropped when haggling.DropReason == NbdDropReason.ExportOff:
                return SessionEnd.Reset;
            default:
                if (NbdProtocolErrorKinds.Of(haggling.DropReason) is { } kind)
                {
                    services.ProtocolErrors.Count(NbdFrontEnd.Label, kind);
                }

                return SessionEnd.Close;
        }
    }

    private SessionEnd Transmit(Haggling haggling)
    {
        ServedDisk served = haggling.Named!;
        DiskConnections room = services.Room(served);
        ConnectionMeter meter = served.Meter.Open(NbdFrontEnd.Label);
        try
        {
            // First the session, so that the room never shows a connection without an epoch; then the look at the power.
            var session = new DiskSession(served, haggling.Terms!, meter);
            var replies = new ReplyBatch(session, _socket);
            (_replies, _session) = (replies, session);
            room.Join(this);
            session.CheckPower();
            NbdLog.Opened(services.Logger, number, session.Export.Name);
            SessionEnd end = session.IsLive ? SessionEnd.None : session.EndWhenNotLive();
            if (end == SessionEnd.None)
            {
                _socket.LimitReceives();
                var loop = new RequestLoop(session, _socket, replies, services.ProtocolErrors, () => _isStopping);
                _loop = loop;
                end = haggling.SendReplies() ? loop.Run(haggling.LeftOver) : SessionEnd.Close;
            }

            if (end == SessionEnd.Silence)
            {
                StaySilent(room);
            }

            return end;
        }
        finally
        {
            room.Leave(this);
            served.Meter.Close(meter);
        }
    }

    /// <summary>Sleeps, connected, until the power returns (which resets the connection), the client goes, or the server
    /// stops.</summary>
    private void StaySilent(DiskConnections room)
    {
        _isSilent = true;
        try
        {
            // The power may have returned before the room could see that we are silent: then nobody would wake us.
            if (IsPowerBack(room.Served.Disk) || _isStopping)
            {
                _socket.Reset();
            }

            _socket.WaitUntilGone();
            _socket.Reset();
        }
        finally
        {
            room.Leave(this);
        }
    }
}
