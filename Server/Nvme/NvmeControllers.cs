namespace BlockEmu.Server.Nvme;

/// <summary>The controllers of a subsystem by CNTLID. Safe for threads.</summary>
internal sealed class NvmeControllers
{
    private const ushort FirstId = 1;
    private const ushort LastId = 0xFFEF;

    private readonly Lock _gate = new(); // protects the table and the next identifier; nothing is called under it but the maker
    private readonly Dictionary<ushort, NvmeController> _byId = [];
    private ushort _next = FirstId;

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

    /// <summary>Makes a controller with an identifier that was not used lately; null when there are too many.</summary>
    public NvmeController? TryAdd(Func<ushort, NvmeController> make)
    {
        lock (_gate)
        {
            if (_byId.Count >= NvmeLimits.MaxControllers)
            {
                return null;
            }

            while (_byId.ContainsKey(_next))
            {
                Advance();
            }

            NvmeController controller = make(_next);
            _byId.Add(_next, controller);
            Advance();
            return controller;
        }
    }

    public void Remove(NvmeController controller)
    {
        lock (_gate)
        {
            _byId.Remove(controller.Id);
        }
    }

    private void Advance() => _next = _next == LastId ? FirstId : (ushort)(_next + 1);
}
