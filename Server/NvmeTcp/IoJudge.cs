using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>Judging the commands of an I/O queue: pure, before anything is asked for or held.</summary>
internal static class IoJudge
{
    private const int PractBit = 8;

    /// <summary>How a command fails whatever its data is; success: it may be carried out.</summary>
    /// <param name="command">The command.</param>
    /// <param name="space">The queue's namespace.</param>
    /// <param name="dataBytes">Bytes that the host has to send for it; less than 0: that many at least.</param>
    public static NvmeStatus Judge(in NvmeCommand command, NvmeNamespace space, out int dataBytes)
    {
        dataBytes = 0;
        if (command.Psdt != NvmeCommand.PsdtSgl || command.Fuse == NvmeFuse.Invalid)
        {
            return NvmeStatus.InvalidField.Final;
        }

        switch (command.IoOpcode)
        {
            case NvmeIoOpcode.Read:
            case NvmeIoOpcode.Write:
            case NvmeIoOpcode.Compare:
                return JudgeTransfer(command, space, out dataBytes);
            case NvmeIoOpcode.Flush:
                return command.NamespaceId is NvmeNamespace.OnlyId or NvmeNamespace.Broadcast
                    ? NvmeStatus.Success
                    : NvmeStatus.InvalidNamespaceOrFormat.Final;
            case NvmeIoOpcode.WriteZeroes:
            case NvmeIoOpcode.WriteUncorrectable:
            case NvmeIoOpcode.Verify:
                return JudgeRange(command, space);
            case NvmeIoOpcode.DatasetManagement:
                dataBytes = -command.RangeCount * NvmeDsmRange.SizeBytes;
                return JudgeNamespace(command, space, isWrite: command.RangesDeallocate);
            case NvmeIoOpcode.Copy:
                dataBytes = -command.RangeCount * NvmeCopyRange.SizeBytes;
                return command.CopyFormat != 0 ? NvmeStatus.InvalidField.Final : JudgeNamespace(command, space, isWrite: true);
            case NvmeIoOpcode.Fabrics:
                return NvmeQueue.RefuseFabrics(command);
            default:
                return NvmeStatus.InvalidOpcode.Final;
        }
    }

    /// <summary>Whether a command is one half of a Compare and Write, and none that cannot be one.</summary>
    public static NvmeStatus JudgeFuse(in NvmeCommand command) => (command.Fuse, command.IoOpcode) switch
    {
        (NvmeFuse.Normal, _) or (NvmeFuse.First, NvmeIoOpcode.Compare) or (NvmeFuse.Second, NvmeIoOpcode.Write) => NvmeStatus.Success,
        _ => NvmeStatus.InvalidField.Final,
    };

    private static NvmeStatus JudgeTransfer(in NvmeCommand command, NvmeNamespace space, out int dataBytes)
    {
        NvmeStatus status = JudgeRange(command, space);
        long bytes = (long)command.BlockCount << space.BlockShift;
        bool isRead = command.IoOpcode == NvmeIoOpcode.Read;
        dataBytes = isRead ? 0 : (int)bytes;
        if (!status.IsSuccess)
        {
            return status;
        }

        if (bytes > NvmeLimits.MaxTransferBytes)
        {
            return NvmeStatus.InvalidField.Final;
        }

        if (!isRead)
        {
            return NvmeStatus.Success;
        }

        return command.Data.Kind != NvmeSglKind.Transport ? NvmeStatus.SglTypeInvalid.Final
            : command.Data.LengthBytes != bytes ? NvmeStatus.SglLengthInvalid.Final
            : NvmeStatus.Success;
    }

    private static NvmeStatus JudgeRange(in NvmeCommand command, NvmeNamespace space)
    {
        bool isWrite = command.IoOpcode is NvmeIoOpcode.Write or NvmeIoOpcode.WriteZeroes or NvmeIoOpcode.WriteUncorrectable;
        NvmeStatus status = JudgeNamespace(command, space, isWrite);
        return !status.IsSuccess ? status
            : (command.ProtectionInformation & PractBit) != 0 ? NvmeStatus.InvalidProtectionInformation.Final
            : !space.Contains(command.StartingLba, (ulong)command.BlockCount) ? NvmeStatus.LbaOutOfRange.Final
            : NvmeStatus.Success;
    }

    private static NvmeStatus JudgeNamespace(in NvmeCommand command, NvmeNamespace space, bool isWrite) =>
        command.NamespaceId != NvmeNamespace.OnlyId ? NvmeStatus.InvalidNamespaceOrFormat.Final
        : isWrite && space.Disk.Options.IsReadOnly ? NvmeStatus.NamespaceWriteProtected.Final
        : NvmeStatus.Success;
}
