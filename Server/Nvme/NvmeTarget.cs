using System.Net;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Nvme;

/// <summary>Everything that hosts can connect to: a subsystem for each disk, and discovery, which lists them.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>Subsystems follow the registry: a new disk is there at once, a removed one has dropped its hosts when the removal
/// returns.</description></item>
/// <item><description>Controllers of discovery that asked for it hear of both.</description></item>
/// </list>
/// </remarks>
internal sealed class NvmeTarget : IDisposable
{
    private const ushort PortId = 1;
    private const int MinQueueEntries = 2;

    private readonly Lock _gate = new(); // protects the subsystems and their generation; controllers are ended outside
    private readonly DiskRegistry _disks;
    private readonly NvmeServices _services;
    private readonly NvmeControllers _discovery = new();
    private readonly Dictionary<ServedDisk, NvmeSubsystem> _subsystems = [];
    private readonly List<(IPEndPoint Bound, IPEndPoint Advertised)> _advertised = [];
    private HashSet<ServedDisk> _hidden = []; // for clients with TLS only
    private ulong _generation;
    private bool _isDisposed;

    public NvmeTarget(DiskRegistry disks, TimeProvider time, ILogger logger)
    {
        _disks = disks;
        _services = new NvmeServices(time, logger);
        _disks.Changed += Follow;
        Follow();
    }

    /// <summary>Hosts can come from here on: what is to be said of the disks is said. Any number of times.</summary>
    public void Serve()
    {
        NvmeSubsystem[] all;
        lock (_gate)
        {
            if (_services.IsServed)
            {
                return;
            }

            _services.IsServed = true;
            all = [.. _subsystems.Values];
        }

        Array.ForEach(all, s => s.LogWarnings());
        LogHidden(_disks.All);
    }

    /// <summary>Discovery names another address to hosts that have reached one: they came through a translation of addresses.</summary>
    /// <param name="bound">Where it is listened: an address of this machine, or all of them.</param>
    /// <param name="advertised">What is told.</param>
    public void Advertise(IPEndPoint bound, IPEndPoint advertised)
    {
        lock (_gate)
        {
            _advertised.Add((bound, advertised));
        }
    }

    /// <summary>Connections are let go one by one from here on: the end of an admin queue's takes no other with it.</summary>
    public void LetGo() => _services.IsStopping = true;

    /// <summary>Carries out a Connect, the first command of every connection (Base 6.3).</summary>
    /// <param name="command">The command; that it is a Connect was judged.</param>
    /// <param name="data">Its data, 1,024 bytes; fewer are refused.</param>
    /// <param name="local">The address that the host has reached: discovery names it.</param>
    /// <param name="sink">The connection.</param>
    public NvmeConnectAnswer Connect(in NvmeCommand command, ReadOnlySpan<byte> data, IPEndPoint local, INvmeQueueSink sink)
    {
        NvmeConnect connect = NvmeConnect.From(command);
        if (connect.RecordFormat != 0)
        {
            return NvmeConnectAnswer.Refused(NvmeStatus.ConnectFormatUnknown.Final);
        }

        if (data.Length != NvmeConnectData.SizeBytes)
        {
            return NvmeConnectAnswer.Refused(NvmeStatus.SglLengthInvalid.Final);
        }

        if (connect.QueueEntries is < MinQueueEntries or > NvmeLimits.MaxQueueEntries)
        {
            return NvmeConnectAnswer.Wrong(NvmeConnectFault.InCommand(NvmeConnect.QueueSizeOffset));
        }

        NvmeConnectData to = NvmeConnectData.Read(data);
        if (to.HostNqn is not { } hostNqn)
        {
            return NvmeConnectAnswer.Wrong(NvmeConnectFault.InData(NvmeConnectData.HostNqnOffset));
        }

        bool isAdmin = connect.QueueId == 0;
        if (isAdmin && to.ControllerId != NvmeConnectData.AnyController)
        {
            // Controllers are made for their hosts here ("dynamic"): there is none to ask for.
            return NvmeConnectAnswer.Wrong(NvmeConnectFault.InData(NvmeConnectData.ControllerIdOffset));
        }

        NvmeHost host = new(to.HostId, hostNqn);
        if (to.SubsystemNqn == NvmeNames.Discovery)
        {
            return isAdmin
                ? ConnectDiscovery(new NvmeAdminRequest(host, connect, sink), local)
                : NvmeConnectAnswer.Wrong(NvmeConnectFault.InCommand(NvmeConnect.QueueIdOffset));
        }

        return Find(to.SubsystemNqn) is not { } subsystem ? NvmeConnectAnswer.Wrong(NvmeConnectFault.InData(NvmeConnectData.SubsystemNqnOffset))
            : isAdmin ? subsystem.ConnectAdmin(new NvmeAdminRequest(host, connect, sink))
            : subsystem.ConnectIo(connect, host, to.ControllerId, sink);
    }

    /// <summary>The subsystem of a disk; null when it is not served.</summary>
    public NvmeSubsystem? Find(ServedDisk disk)
    {
        lock (_gate)
        {
            return _subsystems.GetValueOrDefault(disk);
        }
    }

    public void Dispose()
    {
        NvmeSubsystem[] all;
        _disks.Changed -= Follow;
        lock (_gate)
        {
            _isDisposed = true;
            all = [.. _subsystems.Values];
            _subsystems.Clear();
        }

        Array.ForEach(all, s => s.Dispose());
        Array.ForEach(_discovery.All, c => c.End(NvmeQueueStop.Reset, "the server stops"));
    }

    private NvmeSubsystem? Find(string? nqn)
    {
        lock (_gate)
        {
            return _subsystems.Values.FirstOrDefault(s => s.Nqn == nqn);
        }
    }

    private NvmeConnectAnswer ConnectDiscovery(NvmeAdminRequest request, IPEndPoint local)
    {
        NvmeDiscoveryRole role = new(() => ReadDiscoveryLog(local, request.Host.Nqn));
        return _discovery.TryAdd(request, id => new NvmeController(id, request, role, _services, _discovery.Remove)) is { } controller
            ? NvmeConnectAnswer.Accepted(controller.AdminQueue)
            : NvmeConnectAnswer.Refused(NvmeStatus.ConnectControllerBusy);
    }

    private byte[] ReadDiscoveryLog(IPEndPoint local, string hostNqn)
    {
        string[] nqns;
        ulong generation;
        lock (_gate)
        {
            nqns = [.. _disks.All.Where(d => _subsystems.ContainsKey(d) && d.AdmitsNvmeHost(hostNqn)).Select(d => _subsystems[d].Nqn)];
            generation = _generation;
        }

        IPEndPoint plain = FindAdvertised(new IPEndPoint(Plain(local.Address), local.Port));
        byte[] page = new byte[NvmeDiscoveryHeader.SizeBytes + (nqns.Length * NvmeDiscoveryRecord.SizeBytes)];
        new NvmeDiscoveryHeader(generation, (ulong)nqns.Length).Write(page);
        for (int i = 0; i < nqns.Length; i++)
        {
            new NvmeDiscoveryRecord(plain, nqns[i], PortId, NvmeLimits.MaxQueueEntries)
                .Write(page.AsSpan(NvmeDiscoveryHeader.SizeBytes + (i * NvmeDiscoveryRecord.SizeBytes)));
        }

        return page;
    }

    /// <summary>What was said of the very address first, then of all of them.</summary>
    private IPEndPoint FindAdvertised(IPEndPoint local)
    {
        lock (_gate)
        {
            return _advertised.Where(a => a.Bound.Port == local.Port && (IsAny(a.Bound.Address) || Plain(a.Bound.Address).Equals(local.Address)))
                .OrderBy(a => IsAny(a.Bound.Address)).Select(a => a.Advertised).FirstOrDefault(local);
        }
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private void LogHidden(IEnumerable<ServedDisk> disks)
    {
        foreach (ServedDisk disk in disks.Where(d => d.IsHiddenFromNvme && _services.IsServed))
        {
            NvmeLog.Hidden(_services.Logger, disk.Disk.Name);
        }
    }

    /// <summary>As a host can use it: an IPv4 address as one, and no interface of this machine's in it.</summary>
    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());

    /// <summary>Makes what is new in the registry and ends what has left it.</summary>
    private void Follow()
    {
        List<NvmeSubsystem> gone = [];
        ServedDisk[] hidden;
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            hidden = [.. _disks.All.Where(d => d.IsHiddenFromNvme && !_hidden.Contains(d))];
            _hidden = [.. _disks.All.Where(d => d.IsHiddenFromNvme)];
            HashSet<ServedDisk> now = [.. _disks.All.Except(_hidden)];
            foreach ((ServedDisk disk, NvmeSubsystem subsystem) in _subsystems.Where(s => !now.Contains(s.Key)).ToArray())
            {
                _subsystems.Remove(disk);
                gone.Add(subsystem);
            }

            foreach (ServedDisk disk in now.Where(d => !_subsystems.ContainsKey(d)))
            {
                _subsystems.Add(disk, new NvmeSubsystem(disk, _services));
            }

            _generation++;
        }

        LogHidden(hidden);
        gone.ForEach(s => s.Dispose());
        Array.ForEach(_discovery.All, c => c.Raise(NvmeAsyncEvent.DiscoveryChanged, NvmeEventMask.DiscoveryLog));
    }
}
