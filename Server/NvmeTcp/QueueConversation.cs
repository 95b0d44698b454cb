using System.Collections.Concurrent;
using System.Net;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Nvme;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>What is said on one NVMe/TCP connection: ICReq, Connect, then the commands of the queue that it has become.</summary>
internal sealed class QueueConversation : IConversation, INvmeQueueSink
{
    private readonly ClientConnection _connection;
    private readonly NvmeTcpServices _services;
    private readonly ConnectionMemory _memory;
    private readonly StopFlag _stop = new();
    private readonly CapsuleBatch _replies;
    private readonly PduFlow _flow;
    private readonly PduLoop _loop;
    private readonly ConcurrentQueue<(ushort CommandId, NvmeStatus Status, ulong Result)> _news = new();
    private ITimer? _deadline;
    private volatile QueueSession? _session;
    private volatile bool _isStopping;
    private volatile bool _isSilent;

    public QueueConversation(ClientConnection connection, ClientLink link, NvmeTcpServices services)
    {
        (_connection, Link, _services) = (connection, link, services);
        _memory = new ConnectionMemory(services.Transport.Buffers, connection.Evict);
        _replies = new CapsuleBatch(link, _memory, _stop);
        _flow = new PduFlow(link, _replies, _memory, _stop, () => _isStopping);
        IPEndPoint local = link.LocalEndPoint as IPEndPoint ?? new IPEndPoint(IPAddress.Loopback, 0);
        ConnectCommands unconnected = new(services.Target, local, this, _replies, OnConnect);
        _loop = new PduLoop(link, _flow, _replies, unconnected, services.Transport.CountError);
    }

    public ClientLink Link { get; }

    /// <summary>Subsystems see to their hosts themselves: <see cref="Stop"/>.</summary>
    public DiskSession? Session => null;

    public IPAddress? Address => _connection.RemoteAddress;

    public TimeSpan QuietTime => _connection.QuietTime;

    public bool IsInHandshake => _session is null;

    public bool IsSilent => _isSilent;

    public bool IsIdle => _flow.IsIdle;

    public bool HasNews => !_news.IsEmpty || (_stop.End != SessionEnd.None && !_isSilent);

    public bool IsStopping
    {
        get => _isStopping;
        set => _isStopping = value;
    }

    public void Start()
    {
        FrontEndServices transport = _services.Transport;
        Link.SendAtOnce();
        Link.LimitReceives((int)transport.Limits.IdlePatience.TotalMilliseconds);
        _deadline = transport.Time.CreateTimer(
            static state => ((QueueConversation)state!).OnHandshakeTimeout(), this, transport.Limits.HandshakeDeadline,
            Timeout.InfiniteTimeSpan);
    }

    public SessionEnd Proceed()
    {
        if (_isSilent)
        {
            // Awake: the client has gone, or was reset.
            return SessionEnd.Reset;
        }

        SessionEnd end = TellNews() ? _loop.Run() : _flow.End;
        if (end != SessionEnd.Silence)
        {
            return end;
        }

        _flow.Release();
        _isSilent = true;
        return SessionEnd.None;
    }

    public void Abort() => _memory.Abort();

    public bool TryPassGate(TimeSpan patience) => _replies.TryPassGate(patience);

    /// <summary>A command that was deferred ends; any thread.</summary>
    public void Complete(ushort commandId, NvmeStatus status, ulong result)
    {
        _news.Enqueue((commandId, status, result));
        _connection.Wake();
    }

    /// <summary>The queue ends; any thread.</summary>
    public void Stop(NvmeQueueStop how)
    {
        _stop.Set(how);
        switch (how)
        {
            case NvmeQueueStop.Reset:
                _connection.Reset();
                break;
            case NvmeQueueStop.Close:
                // Whatever is decided is sent before the thread waits again; if it waits already, it sees the end.
                Link.EndReceiving();
                _connection.Wake();
                break;
            default:
                _connection.Silence(_services.Transport.Limits.SilenceGrace);
                _connection.Wake();
                break;
        }
    }

    public void Dispose()
    {
        _deadline?.Dispose();
        _flow.Release();
        _session?.Close();
    }

    private bool TellNews()
    {
        while (_news.TryDequeue(out (ushort CommandId, NvmeStatus Status, ulong Result) news))
        {
            if (!_replies.Add(new BatchedPdu(news.CommandId, null, news.Status.IsSuccess, false, 0), news.Status, news.Result))
            {
                return _flow.EndWith(_replies.End);
            }
        }

        return _flow.SendReplies();
    }

    private bool OnConnect(string subsystem, NvmeConnectAnswer answer)
    {
        if (answer.Silence is { } how)
        {
            // Its end is the same as of one that was there before; it waits for the power and for nothing else.
            _deadline!.Dispose();
            _stop.Set(how);
            return _replies.Send();
        }

        if (answer.Queue is not { } queue)
        {
            _services.Transport.CountError(NvmeTcpErrorKinds.RefusedConnect);
            NvmeTcpLog.Refused(_services.Logger, _connection.Number, subsystem, answer.Status);
            return true;
        }

        QueueSession session = new(queue, _stop, _connection.Origin);
        _replies.Session = session;
        _session = session;
        _deadline!.Dispose();
        queue.TakeEntry();
        IQueueCommands commands = queue.IsAdmin
            ? new AdminQueueCommands(queue.Controller, _replies, _flow.Transfers)
            : new IoQueueCommands(session, new IoCommands(session, _replies, _services.UnreadableOf(session.Disk)), _flow.Transfers);
        _loop.Serve(queue, commands);
        NvmeTcpLog.Opened(_services.Logger, _connection.Number, queue.Id, queue.Controller.Id, subsystem);
        return true;
    }

    private void OnHandshakeTimeout()
    {
        _services.Transport.CountError(FrontEndServices.HandshakeTimeout);
        _connection.Reset();
    }
}
