using BlockEmu.Device;
using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>The one place where a disk's answer becomes an NVMe status. DNR where trying again cannot help.</summary>
internal static class NvmeIoStatus
{
    /// <param name="status">The disk's answer. PowerLost has a status of its own only where the disk is set to answer while it is
    /// off.</param>
    /// <param name="isRead">Whether the command only reads.</param>
    public static NvmeStatus Translate(DiskStatus status, bool isRead) => status switch
    {
        DiskStatus.Ok => NvmeStatus.Success,
        DiskStatus.PowerLost => NvmeStatus.InternalPathError.Final,
        DiskStatus.ReadOnly => NvmeStatus.NamespaceWriteProtected.Final,
        DiskStatus.OutOfRange => NvmeStatus.LbaOutOfRange.Final,
        DiskStatus.MediumFull => NvmeStatus.CapacityExceeded.Final,
        DiskStatus.NoMemory => NvmeStatus.InternalError,
        DiskStatus.Miscompare => NvmeStatus.CompareFailure.Final,
        _ => isRead ? NvmeStatus.UnrecoveredReadError : NvmeStatus.WriteFault,
    };
}
