using BlockEmu.Device;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>One connection's hold on the queue that Connect gave it.</summary>
internal sealed class QueueSession
{
    public QueueSession(NvmeQueue queue, StopFlag stop, ConnectionOrigin? origin = null)
    {
        Stop = stop;
        Queue = queue;
        Namespace = queue.Controller.FindNamespace(NvmeNamespace.OnlyId);
        Epoch = queue.Controller.PowerEpoch;
        if (!queue.IsAdmin)
        {
            Meter = Namespace!.Served.Meter.Open(NvmeTcpFrontEnd.Label, origin);
        }
    }

    public NvmeQueue Queue { get; }

    /// <summary>What I/O goes to; null of the discovery controller.</summary>
    public NvmeNamespace? Namespace { get; }

    /// <summary>The disk of an I/O queue.</summary>
    public Disk Disk => Namespace!.Disk;

    /// <summary>The disk's epoch when the host connected.</summary>
    public long Epoch { get; }

    /// <summary>Of an I/O queue; null of the admin queue.</summary>
    public ConnectionMeter? Meter { get; }

    /// <summary>Whether and how it was stopped.</summary>
    public StopFlag Stop { get; }

    /// <summary>The disk says that the power has gone, which the controller may not know yet.</summary>
    public void LosePower() => Stop.Set(Namespace!.Served.OffBehaviour switch
    {
        OffBehaviour.Hang => NvmeQueueStop.Mute,
        OffBehaviour.Error => NvmeQueueStop.Fail,
        _ => NvmeQueueStop.Reset,
    });

    /// <summary>The connection has ended.</summary>
    public void Close()
    {
        Queue.Close();
        if (Meter is not null)
        {
            Namespace!.Served.Meter.Close(Meter);
        }
    }
}
