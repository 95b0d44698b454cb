using System.Net;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>A connection that is nobody's queue yet: only Connect makes it one.</summary>
/// <param name="target">What can be connected to.</param>
/// <param name="local">The address that the host has reached.</param>
/// <param name="sink">The connection.</param>
/// <param name="replies">Where it is answered.</param>
/// <param name="onAnswer">Told of every answer to a Connect, before it is sent. False: the session ended.</param>
internal sealed class ConnectCommands(
    NvmeTarget target, IPEndPoint local, INvmeQueueSink sink, CapsuleBatch replies,
    Func<string, NvmeConnectAnswer, bool> onAnswer) : IQueueCommands
{
    public bool Take(in NvmeCommand command, ReadOnlySpan<byte> inCapsule, bool isDamaged)
    {
        NvmeStatus judged = Judge(command, ref inCapsule, isDamaged);
        if (!judged.IsSuccess)
        {
            return replies.Add(new BatchedPdu(command.CommandId, null, false, false, 0), judged);
        }

        NvmeConnectAnswer answer = target.Connect(command, inCapsule, local, sink);
        string subsystem = NvmeConnectData.Read(inCapsule).SubsystemNqn ?? "";
        return onAnswer(subsystem, answer)
            && replies.Add(new BatchedPdu(command.CommandId, null, answer.Queue is not null, false, 0), answer.Status, answer.Result);
    }

    /// <summary>Nothing is asked for here.</summary>
    public bool Finish(HostTransfer transfer) => throw new InvalidOperationException("no command waits for data before Connect");

    private static NvmeStatus Judge(in NvmeCommand command, ref ReadOnlySpan<byte> inCapsule, bool isDamaged) =>
        isDamaged ? NvmeStatus.TransientTransportError
        : command is not { AdminOpcode: NvmeAdminOpcode.Fabrics, FabricsType: NvmeFabricsType.Connect } ? NvmeStatus.CommandSequenceError.Final
        : command is not { Psdt: NvmeCommand.PsdtSgl, Fuse: NvmeFuse.Normal } ? NvmeStatus.InvalidField.Final
        : command.Data.Kind == NvmeSglKind.Transport ? NvmeStatus.SglTypeInvalid.Final
        : CommandData.Judge(command.Data, ref inCapsule, NvmeConnectData.SizeBytes);
}
