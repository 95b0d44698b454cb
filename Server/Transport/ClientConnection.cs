using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Transport;

/// <summary>The lifetime of one connection: who works on it, what others may do to it, how it ends.</summary>
/// <remarks>One thread at most works on it. After a second without anything to do it is parked, without one.</remarks>
internal sealed class ClientConnection : IParkable, IFrontEndConnection, IDiskClient, IDisposable
{
    // As it was accepted. What is done to it is done to TLS above it as well, which only says goodbye in its own way.
    private readonly ClientLink _link;
    private readonly FrontEndServices _services;
    private readonly IConversation _conversation;
    private readonly long _startedAt;
    private long _quietSince;
    private int _isGivenUp;
    private int _isEvicted;

    public ClientConnection(long number, ClientLink link, FrontEndServices services, Func<ClientConnection, IConversation> converse)
    {
        Number = number;
        _link = link;
        _services = services;
        _startedAt = services.Time.GetTimestamp();
        Origin = new ConnectionOrigin(DescribeRemote(), services.Time.GetUtcNow());
        _conversation = converse(this);
    }

    /// <summary>Called once, on a connection's thread, when it is over and touches nothing any more.</summary>
    public event Action<ClientConnection>? Ended;

    public long Number { get; }

    public SafeHandle? Watched => _link.Watched;

    /// <summary>Whose it is.</summary>
    public ConnectionOrigin Origin { get; }

    /// <summary>Where its client is, on TCP.</summary>
    public IPAddress? RemoteAddress => (_link.RemoteEndPoint as IPEndPoint)?.Address;

    /// <summary>For how long its client has said nothing, and had nothing to come; 0 until it rests.</summary>
    public TimeSpan QuietTime => Volatile.Read(ref _quietSince) is var since && since == 0
        ? TimeSpan.Zero
        : _services.Time.GetElapsedTime(since);

    /// <summary>Whether it serves requests of a disk.</summary>
    public bool IsTransmitting => _conversation.Session is not null;

    /// <summary>Whether it has been in the handshake for longer than a second, and nobody has given it up.</summary>
    public bool IsSlowInHandshake => _conversation.IsInHandshake && _isGivenUp == 0
        && _services.Time.GetElapsedTime(_startedAt) >= _services.Limits.IdlePatience;

    /// <summary>True once.</summary>
    public bool TryGiveUpHandshake() => Interlocked.Exchange(ref _isGivenUp, 1) == 0;

    public void Start()
    {
        _conversation.Start();
        _services.Threads.Run(this);
    }

    public void Work()
    {
        try
        {
            SessionEnd end;
            while ((end = ProceedAwake()) == SessionEnd.None)
            {
                bool isSilent = _conversation.IsSilent;
                Volatile.Write(ref _quietSince, _services.Time.GetTimestamp());
                if (_services.Parking.TryPark(this, isSilent))
                {
                    // From here on it may be another thread's. What others want it to say may have come a moment before.
                    if (_conversation.HasNews)
                    {
                        _services.Parking.Wake(Number);
                    }

                    return;
                }

                WaitOnThread(isSilent);
            }

            if (end == SessionEnd.Reset)
            {
                _link.Reset();
            }

            _services.Log.Ended(Number, end);
        }
        catch (Exception fault)
        {
            // Ours, and only this client's: it must not take the process down.
            _services.Log.Faulted(Number, fault);
            _link.Reset();
        }

        Finish();
    }

    public void Fail(Exception fault)
    {
        _services.Log.Faulted(Number, fault);
        _link.Reset();
        Finish();
    }

    /// <summary>Drops the connection at once; when this returns, nothing can leave on it any more. Any thread.</summary>
    public void Reset()
    {
        _link.Reset();
        _conversation.Abort();
        _services.Parking.End(Number);
    }

    /// <summary>Drops it: its client does not get on while others wait for what it holds. Any thread.</summary>
    public void Evict()
    {
        if (Interlocked.Exchange(ref _isEvicted, 1) != 0)
        {
            // It is on its way out, and a busy machine takes its time.
            return;
        }

        _services.CountError(FrontEndServices.Stalled);
        _services.Log.Evicted(Number);
        Reset();
    }

    /// <summary>Its conversation has something to say without being asked. Any thread.</summary>
    public void Wake() => _services.Parking.Wake(Number);

    /// <summary>When it is over: lets its disk and its client go.</summary>
    public void Dispose()
    {
        _conversation.Dispose();
        _conversation.Link.Dispose();
    }

    /// <summary>What is being carried out is answered, what comes after it is refused with a shutdown error, then the
    /// connection ends. Any thread.</summary>
    public void Stop()
    {
        _conversation.IsStopping = true;

        // The loop says that it is idle, then looks for the stop: one of the two is seen.
        Interlocked.MemoryBarrier();
        if (_conversation.IsSilent)
        {
            Reset();
        }
        else if (_conversation.IsIdle)
        {
            // Woken, it finds nothing and ends. One that is at work sees it by itself before it waits again, or within
            // the second of its receive.
            _link.EndReceiving();
        }
    }

    /// <summary>After a cut: returns when no success can leave any more; false when that took resetting the connection.
    /// Any thread.</summary>
    public bool Silence(TimeSpan patience)
    {
        long startedAt = Stopwatch.GetTimestamp();
        if (_conversation.TryPassGate(patience)
            && SpinWait.SpinUntil(() => !_link.HasUnsentBytes, Left(patience, startedAt)))
        {
            return true;
        }

        Reset();
        return false;
    }

    /// <summary>Before a cut's <see cref="Silence"/>: the power has gone. Any thread.</summary>
    public void LosePower() => _conversation.Session?.LosePower();

    /// <summary>Whether the connection comes from before the disk's present power-on.</summary>
    public bool IsFromBefore(long powerEpoch) =>
        _conversation.IsSilent || _conversation.Session is not { } session || session.Epoch != powerEpoch;

    private static TimeSpan Left(TimeSpan patience, long startedAt)
    {
        TimeSpan left = patience - Stopwatch.GetElapsedTime(startedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private SessionEnd ProceedAwake()
    {
        Volatile.Write(ref _quietSince, 0);
        return _conversation.Proceed();
    }

    private string? DescribeRemote() => _link.RemoteEndPoint switch
    {
        IPEndPoint { Address.IsIPv4MappedToIPv6: true } ip => new IPEndPoint(ip.Address.MapToIPv4(), ip.Port).ToString(),
        IPEndPoint ip => ip.ToString(),
        UnixDomainSocketEndPoint => "unix",
        _ => null,
    };

    private void WaitOnThread(bool isSilent)
    {
        if (isSilent)
        {
            _link.WaitUntilGone();
        }
        else
        {
            _link.WaitUntilReadable(Timeout.Infinite);
        }
    }

    private void Finish()
    {
        try
        {
            Dispose();
        }
        catch (Exception fault)
        {
            // Saying goodbye is the last thing that may take the process down.
            _services.Log.Faulted(Number, fault);
            _link.Reset();
        }

        Ended?.Invoke(this);
    }
}
