using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Nvme;

/// <summary>One disk as a subsystem of its own, with one namespace (ADR 0006): its hosts, and what its power does to them
/// (SEMANTICS 5).</summary>
/// <remarks>
/// <list type="number">
/// <item><description>When a cut's answer leaves, no controller can send a success that was decided before it.</description></item>
/// <item><description>A host that had the disk when its power went is refused once, with DNR, unless the disk's behaviour is
/// <see cref="OffBehaviour.Reconnect"/>: a host that carried on would write as if nothing had been lost.</description></item>
/// <item><description>At power on every controller from before is reset.</description></item>
/// </list>
/// </remarks>
internal sealed class NvmeSubsystem : IDisposable
{
    /// <summary>MN.</summary>
    public const string Model = "BlockEmu disk";

    private readonly NvmeServices _services;
    private readonly NvmeControllers _controllers = new();
    private readonly NvmeRefusals _refusals = new();
    private readonly Lock _changing = new(); // protects the promises that hosts know; nothing is called under it
    private NvmeAtomicity _promises;

    public NvmeSubsystem(ServedDisk served, NvmeServices services)
    {
        _services = services;
        Namespace = new NvmeNamespace(served);
        Health = new NvmeHealth(served, services);
        _promises = new NvmeAtomicity(served.Disk.Options, served.NvmePreferences);
        served.Disk.PowerChanged += OnPowerChanged;
        served.Changed += OnChanged;
        LogWarnings();
    }

    /// <summary>FR: the program's version.</summary>
    public static string Firmware { get; } = typeof(NvmeSubsystem).Assembly.GetName().Version?.ToString(3) ?? "0";

    public NvmeNamespace Namespace { get; }

    public NvmeHealth Health { get; }

    /// <summary>SUBNQN.</summary>
    public string Nqn => Namespace.Identity.Nqn;

    private ServedDisk Served => Namespace.Served;

    /// <summary>Controllers now.</summary>
    public int ControllerCount => _controllers.All.Length;

    /// <summary>A Connect of an admin queue (Base 6.3).</summary>
    public NvmeConnectAnswer ConnectAdmin(NvmeAdminRequest request)
    {
        if (Refuse(request.Host) is { } refusal)
        {
            return refusal;
        }

        if (_controllers.TryAdd(request, id => new NvmeController(id, request, new NvmeDiskRole(this), _services, _controllers.Remove)) is not { } controller)
        {
            return NvmeConnectAnswer.Refused(NvmeStatus.ConnectControllerBusy);
        }

        // The power may have gone before the controller was there to be told.
        if (Served.Disk.PowerState == PowerState.Off || Served.Disk.PowerEpoch != controller.PowerEpoch)
        {
            controller.End(NvmeQueueStop.Reset, "the power went while it connected");
        }

        return NvmeConnectAnswer.Accepted(controller.AdminQueue);
    }

    /// <summary>A Connect of an I/O queue.</summary>
    public NvmeConnectAnswer ConnectIo(in NvmeConnect connect, NvmeHost host, ushort controllerId, INvmeQueueSink sink)
    {
        if (_controllers.Find(controllerId) is not { } controller)
        {
            return NvmeConnectAnswer.Wrong(NvmeConnectFault.InData(NvmeConnectData.ControllerIdOffset));
        }

        return !Served.AdmitsNvmeHost(host.Nqn) ? NvmeConnectAnswer.Refused(NvmeStatus.ConnectInvalidHost.Final)
            : controller.Host == host ? controller.ConnectIo(connect, sink)
            : NvmeConnectAnswer.Wrong(NvmeConnectFault.InData(
                controller.Host.Id == host.Id ? NvmeConnectData.HostNqnOffset : NvmeConnectData.HostIdOffset));
    }

    public void LogFailedFlush(DiskStatus status) => NvmeLog.ShutdownFailed(_services.Logger, Nqn, status);

    /// <summary>The disk is out of service.</summary>
    public void Dispose()
    {
        Served.Disk.PowerChanged -= OnPowerChanged;
        Served.Changed -= OnChanged;
        Array.ForEach(_controllers.All, c => c.End(NvmeQueueStop.Reset, "its disk is out of service"));
    }

    private NvmeConnectAnswer? Refuse(NvmeHost host)
    {
        if (Served.AdmitsNvmeHost(host.Nqn))
        {
            return RefuseForPower(host);
        }

        NvmeLog.NotAdmitted(_services.Logger, host.Nqn, Served.Disk.Name);
        return NvmeConnectAnswer.Refused(NvmeStatus.ConnectInvalidHost.Final);
    }

    private NvmeConnectAnswer? RefuseForPower(NvmeHost host)
    {
        if (Served.Disk.PowerState != PowerState.Off)
        {
            if (!_refusals.TryTake(host))
            {
                return null;
            }

            NvmeLog.RefusedOnce(_services.Logger, host.Nqn, Served.Disk.Name);
            return NvmeConnectAnswer.Refused(NvmeStatus.ConnectInvalidHost.Final);
        }

        switch (Served.OffBehaviour)
        {
            case OffBehaviour.Hang:
                return NvmeConnectAnswer.Unanswered(NvmeQueueStop.Mute);
            case OffBehaviour.Reconnect:
                return NvmeConnectAnswer.Refused(NvmeStatus.ConnectControllerBusy); // no DNR: try again
            case OffBehaviour.Error:
                _refusals.TryTake(host);
                return NvmeConnectAnswer.Refused(NvmeStatus.InternalPathError.Final);
            default:
                _refusals.TryTake(host);
                return NvmeConnectAnswer.Refused(NvmeStatus.ConnectInvalidHost.Final);
        }
    }

    private void OnPowerChanged(Disk disk, PowerState state)
    {
        NvmeController[] controllers = _controllers.All;
        switch (state)
        {
            case PowerState.Off:
                PowerOff(controllers);
                break;
            case PowerState.On:
                Array.ForEach(controllers, c => c.End(NvmeQueueStop.Reset, "it is from before the power went"));
                break;
        }
    }

    private void PowerOff(NvmeController[] controllers)
    {
        OffBehaviour behaviour = Served.OffBehaviour;
        if (behaviour != OffBehaviour.Reconnect)
        {
            Array.ForEach(controllers, c => _refusals.Owe(c.Host));
        }

        foreach (NvmeController controller in controllers)
        {
            switch (behaviour)
            {
                case OffBehaviour.Hang:
                    controller.KeepAlive.TimeoutMs = 0; // what has no power notices no silence
                    controller.StopQueues(NvmeQueueStop.Mute);
                    break;
                case OffBehaviour.Error:
                    controller.StopQueues(NvmeQueueStop.Fail);
                    break;
                default:
                    controller.End(NvmeQueueStop.Reset, "the power is off");
                    break;
            }
        }

        NvmeLog.PowerOff(_services.Logger, Served.Disk.Name, controllers.Length, behaviour);
    }

    /// <summary>Hosts hear of what they can read with Identify, and of nothing else.</summary>
    private void OnChanged()
    {
        NvmeAtomicity now = new(Served.Disk.Options, Served.NvmePreferences);
        lock (_changing)
        {
            if (now == _promises)
            {
                return;
            }

            _promises = now;
        }

        LogWarnings();
        foreach (NvmeController controller in _controllers.All)
        {
            controller.RaiseNamespaceChange();
        }
    }

    /// <summary>Says what hosts make of surprising promises, if there can be hosts.</summary>
    public void LogWarnings()
    {
        foreach (string warning in _services.IsServed ? NvmeWarnings.Of(Served) : [])
        {
            NvmeLog.Promise(_services.Logger, Served.Disk.Name, warning);
        }
    }
}
