using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>How a command on the admin queue ended.</summary>
/// <param name="Status">Of the completion.</param>
/// <param name="Result">DW0 and DW1 of the completion.</param>
/// <param name="DataBytes">Bytes at the start of the data for the host.</param>
/// <param name="IsDeferred">There is no completion yet: <see cref="INvmeQueueSink.Complete"/> brings it, or none comes.</param>
internal readonly record struct NvmeAdminAnswer(NvmeStatus Status, ulong Result = 0, int DataBytes = 0, bool IsDeferred = false)
{
    public static NvmeAdminAnswer Success => default;

    public static NvmeAdminAnswer Deferred => new(default, IsDeferred: true);

    public static NvmeAdminAnswer Of(ulong result) => new(default, result);

    public static NvmeAdminAnswer WithData(int bytes) => new(default, 0, bytes);

    public static implicit operator NvmeAdminAnswer(NvmeStatus status) => new(status);
}
