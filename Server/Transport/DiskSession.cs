using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Transport;

/// <summary>One connection's hold on one disk, from the moment that its client has named it: bound to one power epoch.</summary>
internal class DiskSession(ServedDisk served, ConnectionMeter meter)
{
    private volatile bool _isPowerLost;

    public ServedDisk Served { get; } = served;

    public Disk Disk { get; } = served.Disk;

    public ConnectionMeter Meter { get; } = meter;

    public long Epoch { get; } = served.Disk.PowerEpoch;

    /// <summary>False from the moment the disk's power is known to have gone, and for good.</summary>
    /// <remarks>A field of our own and not a question to the disk: it is asked for every batch. It may be true for the
    /// instant between a cut and its PowerChanged; the gate of what it sends closes that gap before the cut's
    /// answer.</remarks>
    public bool IsLive => !_isPowerLost;

    /// <summary>The power has gone. Any thread.</summary>
    public void LosePower() => _isPowerLost = true;

    /// <summary>Looks at the disk itself: for a session that may have been opened too late to be told.</summary>
    public void CheckPower()
    {
        if (Disk.PowerState == PowerState.Off || Disk.PowerEpoch != Epoch)
        {
            LosePower();
        }
    }

    /// <summary>What an interrupted session does: None = go on and answer everything with an error.</summary>
    public SessionEnd EndWhenNotLive()
    {
        if (Disk.PowerEpoch != Epoch)
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
