using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>The commands of an I/O queue: judged, their data brought together, fused pairs joined; <see cref="IoCommands"/> does
/// the rest.</summary>
internal sealed class IoQueueCommands(QueueSession session, IoCommands commands, HostTransfers transfers) : IQueueCommands
{
    private HostTransfer? _first;
    private bool _hasFirstFailed;

    public bool Take(in NvmeCommand command, ReadOnlySpan<byte> inCapsule, bool isDamaged)
    {
        int dataBytes = 0;
        ReadOnlySpan<byte> data = inCapsule;
        NvmeStatus status = isDamaged ? NvmeStatus.TransientTransportError
            : transfers.Contains(command.CommandId) ? NvmeStatus.CommandIdConflict.Final
            : IoJudge.Judge(command, session.Namespace!, out dataBytes);
        if (status.IsSuccess && dataBytes != 0)
        {
            status = CommandData.Judge(command.Data, ref data, dataBytes);
        }

        if (command.Fuse != NvmeFuse.Normal || _first is not null || _hasFirstFailed)
        {
            return TakeFused(command, inCapsule, data, status);
        }

        if (!status.IsSuccess)
        {
            return commands.Answers.Add(command, status);
        }

        return dataBytes != 0 && command.Data.Kind == NvmeSglKind.Transport
            ? transfers.Ask(command, (int)command.Data.LengthBytes, out _, commands.CanStock(command, dataBytes) ? session : null)
            : commands.Execute(command, data);
    }

    public bool Finish(HostTransfer transfer)
    {
        if (transfer.Command.Fuse != NvmeFuse.Normal)
        {
            return FinishFused(transfer);
        }

        bool goesOn = !transfer.Doom.IsSuccess ? commands.Answers.Add(transfer.Command, transfer.Doom)
            : transfer.IsStocked ? commands.Write(transfer)
            : commands.Execute(transfer.Command, transfer.Bytes);
        transfers.End(transfer);
        return goesOn;
    }

    /// <summary>A half of a fused pair, or what comes where one is expected (Base 2.0, 3.4.2).</summary>
    private bool TakeFused(in NvmeCommand command, ReadOnlySpan<byte> inCapsule, ReadOnlySpan<byte> data, NvmeStatus status)
    {
        HostTransfer? first = _first;
        bool hasFirstFailed = _hasFirstFailed;
        (_first, _hasFirstFailed) = (null, false);
        if (status.IsSuccess)
        {
            status = IoJudge.JudgeFuse(command);
        }

        if (command.Fuse == NvmeFuse.Second)
        {
            return TakeSecond(command, data, status, first, hasFirstFailed);
        }

        if (first is not null && !Doom(first, NvmeStatus.FusedMissing.Final))
        {
            return false;
        }

        if (command.Fuse == NvmeFuse.Normal)
        {
            return Take(command, inCapsule, isDamaged: false);
        }

        _hasFirstFailed = !status.IsSuccess;
        return status.IsSuccess ? Hold(command, data, out _first) : commands.Answers.Add(command, status);
    }

    private bool TakeSecond(
        in NvmeCommand command, ReadOnlySpan<byte> data, NvmeStatus status, HostTransfer? first, bool hasFirstFailed)
    {
        if (first is null)
        {
            return commands.Answers.Add(command, hasFirstFailed ? NvmeStatus.FusedFailed.Final : NvmeStatus.FusedMissing.Final);
        }

        bool isPair = command.StartingLba == first.Command.StartingLba && command.BlockCount == first.Command.BlockCount
            && command.NamespaceId == first.Command.NamespaceId;
        if (status.IsSuccess && !isPair)
        {
            status = NvmeStatus.InvalidField.Final;
        }

        if (!status.IsSuccess)
        {
            return Doom(first, isPair ? NvmeStatus.FusedFailed.Final : status) && commands.Answers.Add(command, status);
        }

        if (!Hold(command, data, out HostTransfer? second))
        {
            return false;
        }

        if (second is null)
        {
            return Doom(first, NvmeStatus.FusedFailed);
        }

        (first.Neighbour, second.Neighbour) = (second, first);
        return !second.IsWhole || FinishFused(second);
    }

    /// <summary>Keeps a half's data, or asks for it. Null: there is no memory, and it was answered.</summary>
    private bool Hold(in NvmeCommand command, ReadOnlySpan<byte> data, out HostTransfer? half)
    {
        if (command.Data.Kind == NvmeSglKind.Transport)
        {
            return transfers.Ask(command, (int)command.Data.LengthBytes, out half);
        }

        half = transfers.Keep(command, data);
        _hasFirstFailed = half is null && command.Fuse == NvmeFuse.First;
        return half is not null || commands.Answers.Add(command, NvmeStatus.CommandInterrupted);
    }

    /// <summary>A first half that will have no second; it is answered when its data is here.</summary>
    private bool Doom(HostTransfer first, NvmeStatus status)
    {
        first.Doom = first.Doom.IsSuccess ? status : first.Doom;
        return !first.IsWhole || FinishFused(first);
    }

    private bool FinishFused(HostTransfer half)
    {
        HostTransfer? neighbour = half.Neighbour;
        if (neighbour is null && half.Doom.IsSuccess)
        {
            // The second half is yet to come.
            return true;
        }

        if (neighbour is { IsWhole: false })
        {
            return true;
        }

        bool goesOn;
        if (neighbour is null)
        {
            goesOn = commands.Answers.Add(half.Command, half.Doom);
            if (_first == half)
            {
                (_first, _hasFirstFailed) = (null, true);
            }
        }
        else
        {
            goesOn = FinishPair(half.Command.Fuse == NvmeFuse.First ? half : neighbour, half.Command.Fuse == NvmeFuse.First ? neighbour : half);
            transfers.End(neighbour);
        }

        transfers.End(half);
        return goesOn;
    }

    private bool FinishPair(HostTransfer first, HostTransfer second)
    {
        if (first.Doom.IsSuccess && second.Doom.IsSuccess)
        {
            return commands.CompareAndWrite(first.Command, first.Bytes, second.Command, second.Bytes);
        }

        return commands.Answers.Add(first.Command, first.Doom.IsSuccess ? NvmeStatus.FusedFailed : first.Doom)
            && commands.Answers.Add(second.Command, second.Doom.IsSuccess ? NvmeStatus.FusedFailed : second.Doom);
    }
}
