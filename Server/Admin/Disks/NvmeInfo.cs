using System.Globalization;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Admin.Disks;

/// <summary>A disk as NVMe hosts know it.</summary>
/// <param name="Nqn">Its subsystem.</param>
/// <param name="Nsid">Its namespace there.</param>
/// <param name="Uuid">The namespace's UUID.</param>
/// <param name="Nguid">The namespace's NGUID, 32 hexadecimal digits.</param>
/// <param name="Warnings">What Linux makes of the disk's promises where one would not expect it; they are kept all the same.</param>
public sealed record NvmeInfo(string Nqn, uint Nsid, Guid Uuid, string Nguid, IReadOnlyList<string> Warnings)
{
    internal static NvmeInfo From(ServedDisk disk)
    {
        NvmeIdentity identity = new(disk.Disk.Name);
        return new NvmeInfo(
            identity.Nqn, NvmeNamespace.OnlyId, identity.Uuid, identity.Nguid.ToString("x32", CultureInfo.InvariantCulture),
            [.. NvmeWarnings.Of(disk)]);
    }
}
