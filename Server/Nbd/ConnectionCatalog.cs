using BlockEmu.Device.Power;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Nbd;

/// <summary>The registry as one connection's negotiation sees it; remembers which disk was named last.</summary>
internal sealed class ConnectionCatalog(DiskRegistry disks) : INbdExportCatalog
{
    /// <summary>The disk that the last successful lookup led to, whatever its power.</summary>
    public ServedDisk? Named { get; private set; }

    public IEnumerable<NbdExport> List() => disks.All.Select(ExportDescription.Describe);

    public NbdExportState Find(string name, out NbdExport? export)
    {
        Named = disks.Find(name);
        export = Named is null ? null : ExportDescription.Describe(Named);
        if (Named is null)
        {
            return NbdExportState.Unknown;
        }

        // A disk that is stopping may turn out to stay on; its commands wait until that is known.
        if (Named.Disk.PowerState != PowerState.Off)
        {
            return NbdExportState.Ready;
        }

        return Named.OffBehaviour switch
        {
            OffBehaviour.Hang => NbdExportState.Silent,
            OffBehaviour.Error => NbdExportState.ShutDown,
            _ => NbdExportState.Resetting,
        };
    }
}
