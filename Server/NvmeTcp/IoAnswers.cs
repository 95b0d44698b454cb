using BlockEmu.Device;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>Completions of an I/O queue: counted, and told to the controller where they are errors.</summary>
internal sealed class IoAnswers(QueueSession session, CapsuleBatch replies)
{
    /// <summary>With the disk's answer. False: the session ended.</summary>
    public bool Add(in NvmeCommand command, DiskStatus status, bool isRead = false, ulong result = 0)
    {
        if (status == DiskStatus.PowerLost)
        {
            session.LosePower();
        }

        return Add(command, NvmeIoStatus.Translate(status, isRead), result);
    }

    /// <summary>With a status. False: the session ended.</summary>
    public bool Add(in NvmeCommand command, NvmeStatus status, ulong result = 0)
    {
        if (!status.IsSuccess)
        {
            session.Queue.Controller.ReportError(session.Queue.Id, command, status);
        }

        return replies.Add(Describe(command, status.IsSuccess), status, result);
    }

    /// <summary>What is counted of a command.</summary>
    public BatchedPdu Describe(in NvmeCommand command, bool succeeded = true)
    {
        DiskOperation? operation = OperationOf(command);
        bool hasRange = operation is not (null or DiskOperation.Flush or DiskOperation.Trim or DiskOperation.Copy);
        return new BatchedPdu(
            command.CommandId, operation, succeeded, operation is not (null or DiskOperation.Flush) && command.ForceUnitAccess,
            hasRange ? (long)command.BlockCount << session.Namespace!.BlockShift : 0);
    }

    private static DiskOperation? OperationOf(in NvmeCommand command) => command.IoOpcode switch
    {
        NvmeIoOpcode.Read => DiskOperation.Read,
        NvmeIoOpcode.Write => DiskOperation.Write,
        NvmeIoOpcode.WriteZeroes => DiskOperation.WriteZeroes,
        NvmeIoOpcode.DatasetManagement => DiskOperation.Trim,
        NvmeIoOpcode.Flush => DiskOperation.Flush,
        NvmeIoOpcode.Compare => DiskOperation.Compare,
        NvmeIoOpcode.Copy => DiskOperation.Copy,
        NvmeIoOpcode.Verify => DiskOperation.Verify,
        NvmeIoOpcode.WriteUncorrectable => DiskOperation.WriteUncorrectable,
        _ => null,
    };
}
