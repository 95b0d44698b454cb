using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Nbd;

/// <summary>One connection's hold on one disk, from the choice of the export on: bound to one power epoch.</summary>
internal sealed class DiskSession(ServedDisk served, NbdExport export, ConnectionMeter meter)
{
    public ServedDisk Served { get; } = served;

    public Disk Disk { get; } = served.Disk;

    public NbdExport Export { get; } = export;

    public ConnectionMeter Meter { get; } = meter;

    public long Epoch { get; } = served.Disk.PowerEpoch;

    // The state is read first: were the epoch first, a whole off-and-on could lie between the two unseen.
    public bool IsLive => Disk.PowerState == PowerState.On && Disk.PowerEpoch == Epoch;

    /// <summary>What an interrupted session does: None = go on and answer everything with ESHUTDOWN.</summary>
    public SessionEnd EndWhenNotLive()
    {
        if (Disk.PowerState == PowerState.On)
        {
            // The power has returned already: connections from before are reset.
            return SessionEnd.Reset;
        }

        return Served.OffBehaviour switch
        {
            OffBehaviour.Hang => SessionEnd.Silence,
            OffBehaviour.Error => SessionEnd.None,
            _ => SessionEnd.Reset,
        };
    }
}
