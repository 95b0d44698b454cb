using BlockEmu.Device;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>A read when memory is short: read and sent piece by piece, a C2HData each, in the little memory that every connection has. It
/// waits for nobody, and a host that takes nothing holds one piece. For reads that the disk promises nothing of beyond a piece.</summary>
internal sealed class PiecewiseRead(QueueSession session, CapsuleBatch replies, IoAnswers answers)
{
    /// <summary>False: the session ended.</summary>
    public bool Run(in NvmeCommand command, long offsetBytes, int lengthBytes)
    {
        bool maySkipCapsule = !session.Queue.HasFlowControl;
        int blockBytes = 1 << session.Namespace!.BlockShift;
        PduWriter writer = replies.Writer;
        for (int doneBytes = 0, pieceBytes; doneBytes < lengthBytes; doneBytes += pieceBytes)
        {
            Span<byte> wire = replies.TakePiece();
            int room = (wire.Length - writer.DataPrefixBytes - writer.DataDigestBytes) / blockBytes * blockBytes;
            pieceBytes = Math.Min(lengthBytes - doneBytes, room);
            Span<byte> data = wire.Slice(writer.DataPrefixBytes, pieceBytes);
            DiskStatus status = session.Disk.Read(session.Epoch, offsetBytes + doneBytes, data);
            if (status != DiskStatus.Ok)
            {
                return answers.Add(command, status, isRead: true);
            }

            bool isLast = doneBytes + pieceBytes == lengthBytes;
            writer.WriteDataPrefix(wire, command.CommandId, pieceBytes, isLast && maySkipCapsule, doneBytes, isLast);
            int wireBytes = writer.DataPrefixBytes + pieceBytes;
            wireBytes += writer.WriteDataDigest(wire[wireBytes..], data);
            if (!replies.SendPiece(wireBytes))
            {
                return replies.End == SessionEnd.None && answers.Add(command, NvmeStatus.InternalPathError.Final);
            }
        }

        if (!maySkipCapsule)
        {
            return answers.Add(command, NvmeStatus.Success);
        }

        replies.CountPieces(answers.Describe(command));
        return true;
    }
}
