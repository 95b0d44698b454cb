using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>The commands of an admin queue: their data is brought together here; the controller does the rest.</summary>
internal sealed class AdminQueueCommands(NvmeController controller, CapsuleBatch replies, HostTransfers transfers) : IQueueCommands
{
    private const int ToController = 1;
    private const int ToHost = 2;

    public bool Take(in NvmeCommand command, ReadOnlySpan<byte> inCapsule, bool isDamaged)
    {
        if (isDamaged)
        {
            return Answer(command, NvmeStatus.TransientTransportError);
        }

        if (transfers.Contains(command.CommandId))
        {
            return Answer(command, NvmeStatus.CommandIdConflict.Final);
        }

        if (command.Psdt != NvmeCommand.PsdtSgl)
        {
            return Answer(command, NvmeStatus.InvalidField.Final);
        }

        // Bits 1:0 of an opcode, and of a Fabrics command's type, say where its data goes.
        int direction = (command.AdminOpcode == NvmeAdminOpcode.Fabrics ? (byte)command.FabricsType : command.Opcode) & 3;
        return direction switch
        {
            ToController => TakeData(command, inCapsule),
            ToHost => GiveData(command),
            _ => Answer(command, controller.Admin(command, default, default)),
        };
    }

    public bool Finish(HostTransfer transfer)
    {
        bool goesOn = transfer.Doom.IsSuccess
            ? Answer(transfer.Command, controller.Admin(transfer.Command, transfer.Bytes, default))
            : Answer(transfer.Command, transfer.Doom);
        transfers.End(transfer);
        return goesOn;
    }

    private bool TakeData(in NvmeCommand command, ReadOnlySpan<byte> inCapsule)
    {
        if (command.Data.LengthBytes == 0)
        {
            return Answer(command, controller.Admin(command, default, default));
        }

        NvmeStatus judged = CommandData.Judge(command.Data, ref inCapsule, -1);
        if (!judged.IsSuccess)
        {
            return Answer(command, judged);
        }

        return command.Data.Kind == NvmeSglKind.InCapsule
            ? Answer(command, controller.Admin(command, inCapsule, default))
            : transfers.Ask(command, (int)command.Data.LengthBytes, out _);
    }

    private bool GiveData(in NvmeCommand command)
    {
        if (command.Data.LengthBytes == 0)
        {
            return Answer(command, controller.Admin(command, default, default));
        }

        if (command.Data.Kind != NvmeSglKind.Transport)
        {
            return Answer(command, NvmeStatus.SglTypeInvalid.Final);
        }

        if (command.Data.LengthBytes > NvmeLimits.MaxTransferBytes)
        {
            return Answer(command, NvmeStatus.InvalidField.Final);
        }

        bool isShort = false;
        if (!replies.TryReserve((int)command.Data.LengthBytes, out Span<byte> data, ref isShort))
        {
            return false;
        }

        NvmeAdminAnswer answer = controller.Admin(command, default, data);
        if (answer.IsDeferred || answer.DataBytes == 0)
        {
            return Answer(command, answer);
        }

        replies.AddData(Describe(command, true), answer.DataBytes, answer.Result);
        return true;
    }

    private bool Answer(in NvmeCommand command, NvmeAdminAnswer answer) =>
        answer.IsDeferred || replies.Add(Describe(command, answer.Status.IsSuccess), answer.Status, answer.Result);

    private static BatchedPdu Describe(in NvmeCommand command, bool succeeded) => new(command.CommandId, null, succeeded, false, 0);
}
