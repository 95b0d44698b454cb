using System.Net;

namespace BlockEmu.Server.Nvme;

/// <summary>The controllers of a subsystem by CNTLID. Safe for threads.</summary>
internal sealed class NvmeControllers
{
    private const ushort FirstId = 1;
    private const ushort LastId = 0xFFEF;

    private readonly Lock _gate = new(); // protects the table and the next identifier; nothing is called under it but the maker
    private readonly Dictionary<ushort, NvmeController> _byId = [];
    private ushort _next = FirstId;
    private long _made;

    public NvmeController[] All
    {
        get
        {
            lock (_gate)
            {
                return [.. _byId.Values];
            }
        }
    }

    public NvmeController? Find(ushort id)
    {
        lock (_gate)
        {
            return _byId.GetValueOrDefault(id);
        }
    }

    /// <summary>Makes a controller with an identifier that was not used lately. Where there are too many, of all or of its host or
    /// address, the oldest of those that is silent makes room; null when none is.</summary>
    public NvmeController? TryAdd(in NvmeAdminRequest request, Func<ushort, NvmeController> make)
    {
        while (true)
        {
            NvmeController[] crowd;
            lock (_gate)
            {
                crowd = FindCrowd(request);
                if (crowd.Length == 0)
                {
                    return Add(make);
                }
            }

            if (crowd.Where(IsSilent).OrderBy(HasIoQueues).ThenBy(c => c.Order).FirstOrDefault() is not { } oldest)
            {
                return null;
            }

            oldest.End(NvmeQueueStop.Reset, "it was silent, and others need its place");
        }
    }

    public void Remove(NvmeController controller)
    {
        lock (_gate)
        {
            _byId.Remove(controller.Id);
        }
    }

    private static bool HasIoQueues(NvmeController controller) => controller.Queues().Length > 1;

    /// <summary>Whether the host has sent nothing for so long that another may have its place.</summary>
    private static bool IsSilent(NvmeController controller)
    {
        TimeSpan patience = HasIoQueues(controller) ? controller.KeepAlive.Patience : NvmeLimits.QuietPatience;
        return Array.TrueForAll(controller.Queues(), q => q.Sink.QuietTime >= patience);
    }

    /// <summary>Those of whom one has to go for the next; none when there is room. Under the lock.</summary>
    private NvmeController[] FindCrowd(in NvmeAdminRequest request)
    {
        string host = request.Host.Nqn;
        IPAddress? address = request.Sink.Address;
        NvmeController[] ofHost = [.. _byId.Values.Where(c => c.Host.Nqn == host)];
        if (ofHost.Length >= NvmeLimits.MaxControllersOfHost)
        {
            return ofHost;
        }

        NvmeController[] ofAddress = address is null ? [] : [.. _byId.Values.Where(c => address.Equals(c.AdminQueue.Sink.Address))];
        return ofAddress.Length >= NvmeLimits.MaxControllersOfAddress ? ofAddress
            : _byId.Count >= NvmeLimits.MaxControllers ? [.. _byId.Values]
            : [];
    }

    private NvmeController Add(Func<ushort, NvmeController> make)
    {
        while (_byId.ContainsKey(_next))
        {
            Advance();
        }

        NvmeController controller = make(_next);
        controller.Order = ++_made;
        _byId.Add(_next, controller);
        Advance();
        return controller;
    }

    private void Advance() => _next = _next == LastId ? FirstId : (ushort)(_next + 1);
}
