using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>What a Connect command leads to: a queue, or a status with its result, or no answer at all.</summary>
/// <param name="Queue">The queue, which the connection closes (<see cref="NvmeQueue.Close"/>) when it ends; null = refused.</param>
/// <param name="Status">Of the completion.</param>
/// <param name="Result">DW0 of the completion: CNTLID, or what was wrong.</param>
/// <param name="Silence">Not null: the power is off, and this becomes of the connection in place of an answer.</param>
internal readonly record struct NvmeConnectAnswer(NvmeQueue? Queue, NvmeStatus Status, uint Result, NvmeQueueStop? Silence)
{
    public static NvmeConnectAnswer Accepted(NvmeQueue queue) => new(queue, NvmeStatus.Success, queue.Controller.Id, null);

    public static NvmeConnectAnswer Refused(NvmeStatus status) => new(null, status, 0, null);

    /// <summary>Refused for a parameter, for good.</summary>
    public static NvmeConnectAnswer Wrong(NvmeConnectFault fault) => new(null, NvmeStatus.ConnectInvalidParameter.Final, fault.ToDw0(), null);

    public static NvmeConnectAnswer Unanswered(NvmeQueueStop how) => new(null, default, 0, how);
}
