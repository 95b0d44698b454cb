using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>A controller: what one host has of a subsystem, from the Connect of its admin queue to the end of that
/// (Base 3.1.2, "dynamic controller").</summary>
/// <remarks>
/// <list type="number">
/// <item><description>It is gone when its admin queue's connection ends, its Keep Alive Timer runs out, or its subsystem drops it; then
/// all its queues are stopped.</description></item>
/// <item><description>A reset or a shutdown ends its I/O queues; the admin queue stays, so that the host can watch CSTS.</description></item>
/// <item><description>The connection of an I/O queue that ends takes nothing else with it.</description></item>
/// </list>
/// </remarks>
internal sealed class NvmeController
{
    private readonly Lock _gate = new(); // protects queues and registers; never held across I/O, or a call of a sink
    private readonly Dictionary<ushort, NvmeQueue> _queues = [];
    private readonly NvmeRegisters _registers = new();
    private readonly NvmeAdminCommands _commands;
    private readonly NvmeServices _services;
    private readonly Action<NvmeController> _onGone;
    private int _grantedQueues = NvmeLimits.MaxIoQueues;
    private bool _isGone;

    /// <summary>A controller with its admin queue.</summary>
    /// <param name="id">CNTLID.</param>
    /// <param name="request">Who asked for it.</param>
    /// <param name="role">What it is for.</param>
    /// <param name="services">Time and log.</param>
    /// <param name="onGone">Called once, when it is gone.</param>
    public NvmeController(ushort id, in NvmeAdminRequest request, INvmeRole role, NvmeServices services, Action<NvmeController> onGone)
    {
        Id = id;
        Host = request.Host;
        Role = role;
        Namespace = role.Namespace;
        PowerEpoch = Namespace?.Disk.PowerEpoch ?? 0;
        _services = services;
        _onGone = onGone;
        _commands = new NvmeAdminCommands(this);
        _queues[0] = AdminQueue = new NvmeQueue(this, request.Connect, request.Sink);
        KeepAlive = new NvmeKeepAlive(services.Time, OnKeepAliveExpired) { TimeoutMs = request.Connect.KeepAliveMs };
        NvmeLog.Connected(services.Logger, Host.Nqn, id, role.SubsystemNqn);
    }

    /// <summary>CNTLID.</summary>
    public ushort Id { get; }

    public NvmeHost Host { get; }

    /// <summary>Older ones have a smaller one.</summary>
    public long Order { get; set; }

    public NvmeQueue AdminQueue { get; }

    public INvmeRole Role { get; }

    /// <summary>Its only namespace; null of a discovery controller.</summary>
    public NvmeNamespace? Namespace { get; }

    /// <summary>The disk's epoch when the host connected: every command is of it. 0 without a disk.</summary>
    public long PowerEpoch { get; }

    /// <summary>Whether the host has switched the volatile write cache off (feature 06h): every write is as with FUA.</summary>
    public bool MustForceUnitAccess { get; internal set; }

    /// <summary>Its errors, of every queue.</summary>
    public NvmeErrorLog Errors { get; } = new();

    public NvmeEvents Events { get; } = new();

    public NvmeSettings Settings { get; } = new();

    public NvmeKeepAlive KeepAlive { get; }

    /// <summary>Whether commands other than those of Fabrics are taken.</summary>
    public bool IsReady
    {
        get
        {
            lock (_gate)
            {
                return _registers.IsReady;
            }
        }
    }

    /// <summary>The namespace with this NSID, or null.</summary>
    public NvmeNamespace? FindNamespace(uint namespaceId) => namespaceId == NvmeNamespace.OnlyId ? Namespace : null;

    /// <summary>Connects an I/O queue (Base 6.3).</summary>
    public NvmeConnectAnswer ConnectIo(in NvmeConnect connect, INvmeQueueSink sink)
    {
        lock (_gate)
        {
            if (_isGone || !_registers.IsReady)
            {
                return NvmeConnectAnswer.Refused(NvmeStatus.CommandSequenceError.Final);
            }

            if (connect.QueueId > _grantedQueues || Namespace is null)
            {
                return NvmeConnectAnswer.Wrong(NvmeConnectFault.InCommand(NvmeConnect.QueueIdOffset));
            }

            if (_queues.ContainsKey(connect.QueueId))
            {
                return NvmeConnectAnswer.Refused(NvmeStatus.CommandSequenceError.Final);
            }

            NvmeQueue queue = new(this, connect, sink);
            _queues[connect.QueueId] = queue;
            return NvmeConnectAnswer.Accepted(queue);
        }
    }

    /// <summary>Carries out a command of the admin queue; one may run at a time. A Property Set that asks for a shutdown takes as
    /// long as its flush.</summary>
    /// <param name="command">The command; of its SGL only the length matters here.</param>
    /// <param name="dataIn">Its data from the host.</param>
    /// <param name="dataOut">Room for its data to the host: exactly as much as its SGL says.</param>
    public NvmeAdminAnswer Admin(in NvmeCommand command, ReadOnlySpan<byte> dataIn, Span<byte> dataOut)
    {
        _ = dataIn; // no command that is spoken here brings any
        NvmeAdminAnswer answer = command.Fuse != NvmeFuse.Normal ? NvmeStatus.InvalidField.Final
            : command.AdminOpcode == NvmeAdminOpcode.Fabrics ? Fabrics(command)
            : IsReady ? _commands.Run(command, dataOut)
            : NvmeStatus.CommandSequenceError.Final;
        if (!answer.Status.IsSuccess)
        {
            ReportError(0, command, answer.Status);
        }

        return answer;
    }

    /// <summary>A command failed: it goes to the error log, and into the counters of health.</summary>
    public void ReportError(ushort queueId, in NvmeCommand command, NvmeStatus status)
    {
        Errors.Add(queueId, command, status);
        Role.CountError(status);
    }

    /// <summary>Tells the host of an event, if it wants to know.</summary>
    public void Raise(NvmeAsyncEvent what, NvmeEventMask kind)
    {
        if (Events.Raise(what, kind) is { } commandId)
        {
            AdminQueue.Sink.Complete(commandId, NvmeStatus.Success, what.ToDw0());
        }
    }

    /// <summary>Something about the namespace has changed.</summary>
    public void RaiseNamespaceChange()
    {
        Events.NoteNamespaceChange();
        Raise(NvmeAsyncEvent.NamespaceChanged, NvmeEventMask.NamespaceAttribute);
    }

    /// <summary>How many I/O queues the host may connect; false once it has connected one.</summary>
    public bool TryGrantQueues(int count)
    {
        lock (_gate)
        {
            bool isEarly = _queues.Keys.All(id => id == 0);
            _grantedQueues = isEarly ? count : _grantedQueues;
            return isEarly;
        }
    }

    /// <summary>I/O queues that the host may connect.</summary>
    public int GrantedQueues
    {
        get
        {
            lock (_gate)
            {
                return _grantedQueues;
            }
        }
    }

    /// <summary>A queue's connection has ended.</summary>
    public void OnClosed(NvmeQueue queue)
    {
        if (queue.IsAdmin && !_services.IsStopping)
        {
            End(NvmeQueueStop.Close, "its admin queue has ended");
            return;
        }

        lock (_gate)
        {
            if (_queues.GetValueOrDefault(queue.Id) == queue)
            {
                _queues.Remove(queue.Id);
            }
        }
    }

    /// <summary>Stops all queues but keeps the controller: the power is off.</summary>
    public void StopQueues(NvmeQueueStop how) => Array.ForEach(Queues(), q => q.Sink.Stop(how));

    /// <summary>The controller is gone; returns when all its queues are stopped.</summary>
    public void End(NvmeQueueStop how, string why)
    {
        NvmeQueue[] queues;
        lock (_gate)
        {
            if (_isGone)
            {
                return;
            }

            _isGone = true;
            queues = [.. _queues.Values];
            _queues.Clear();
        }

        Events.Reset();
        KeepAlive.Dispose();
        _onGone(this);
        NvmeLog.Gone(_services.Logger, Id, Role.SubsystemNqn, why);
        Array.ForEach(queues, q => q.Sink.Stop(how));
    }

    internal NvmeQueue[] Queues()
    {
        lock (_gate)
        {
            return [.. _queues.Values];
        }
    }

    private void OnKeepAliveExpired()
    {
        NvmeLog.KeepAliveExpired(_services.Logger, Host.Nqn, KeepAlive.TimeoutMs);
        End(NvmeQueueStop.Reset, "its Keep Alive Timer ran out");
    }

    private NvmeAdminAnswer Fabrics(in NvmeCommand command)
    {
        NvmePropertyAccess access = NvmePropertyAccess.From(command);
        switch (command.FabricsType)
        {
            case NvmeFabricsType.PropertyGet:
                lock (_gate)
                {
                    return _registers.TryGet(access.Property, access.SizeBytes, out ulong value)
                        ? NvmeAdminAnswer.Of(value)
                        : NvmeStatus.InvalidField.Final;
                }

            case NvmeFabricsType.PropertySet when access is { Property: NvmeProperty.Configuration, SizeBytes: 4 }:
                SetConfiguration(new NvmeConfiguration((uint)access.Value));
                return NvmeAdminAnswer.Success;
            default:
                return command.FabricsType == NvmeFabricsType.PropertySet ? NvmeStatus.InvalidField.Final : NvmeQueue.RefuseFabrics(command);
        }
    }

    private void SetConfiguration(NvmeConfiguration next)
    {
        NvmeRegisters.Request request;
        NvmeQueue[] stopped = [];
        lock (_gate)
        {
            request = _registers.Set(next);
            if (request != NvmeRegisters.Request.None)
            {
                stopped = [.. _queues.Values.Where(q => !q.IsAdmin)];
                Array.ForEach(stopped, q => _queues.Remove(q.Id));
                _grantedQueues = NvmeLimits.MaxIoQueues;
            }
        }

        Array.ForEach(stopped, q => q.Sink.Stop(NvmeQueueStop.Close));
        if (request != NvmeRegisters.Request.None)
        {
            Events.Reset();
            MustForceUnitAccess = false;
            Settings.Reset();
        }

        if (request == NvmeRegisters.Request.Shutdown)
        {
            bool isClean = Role.TryFlush(this);
            lock (_gate)
            {
                _registers.EndShutdown(isClean);
            }
        }
    }
}
