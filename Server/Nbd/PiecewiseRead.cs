using BlockEmu.Device;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Server.Nbd;

/// <summary>A READ when memory is short: read and sent piece by piece, in the little memory that every connection has. It waits for
/// nobody, and a client that takes nothing holds one piece.</summary>
/// <remarks>For reads that the disk promises nothing of beyond a piece. Where the client lets the reply be cut, each piece is a chunk,
/// and an error can follow; else a reply that has begun can only be broken off.</remarks>
internal sealed class PiecewiseRead(NbdSession session, ReplyBatch replies)
{
    private readonly ReplyWriter _writer = replies.Writer;

    /// <summary>Reads and sends. False when the session ended, or <paramref name="failure"/> is to be answered.</summary>
    /// <param name="header">The request.</param>
    /// <param name="reply">What is counted of it.</param>
    /// <param name="failure">Not Ok: nothing, or whole chunks, were sent.</param>
    /// <param name="failedAtBytes">Where the medium failed, if that is known.</param>
    public bool Run(in NbdRequestHeader header, in BatchedReply reply, out DiskStatus failure, out long? failedAtBytes)
    {
        bool hasChunks = session.Terms.Replies != NbdReplyStyle.Simple
            && (header.Flags & NbdCommandFlags.DontFragment) == NbdCommandFlags.None;
        int lengthBytes = (int)header.LengthBytes;
        int doneBytes = 0;
        do
        {
            Span<byte> wire = replies.TakePiece();
            int prefixBytes = hasChunks || doneBytes == 0 ? _writer.DataPrefixBytes : 0;
            int pieceBytes = Math.Min(lengthBytes - doneBytes, wire.Length - prefixBytes);
            long at = (long)header.OffsetBytes + doneBytes;
            failure = session.Disk.Read(session.Epoch, at, wire.Slice(prefixBytes, pieceBytes), out failedAtBytes);
            bool canTell = hasChunks || doneBytes == 0;
            if (failure != DiskStatus.Ok)
            {
                return !canTell && BreakOff(ref failure);
            }

            bool isLast = doneBytes + pieceBytes == lengthBytes;
            if (hasChunks)
            {
                _writer.WritePiecePrefix(wire, reply, (ulong)at, pieceBytes, isLast);
            }
            else if (doneBytes == 0)
            {
                _writer.WriteDataPrefix(wire, reply, lengthBytes);
            }

            if (!replies.SendPiece(prefixBytes + pieceBytes, reply, isLast))
            {
                failure = replies.End == Transport.SessionEnd.None ? DiskStatus.PowerLost : DiskStatus.Ok;
                return failure != DiskStatus.Ok && !canTell && BreakOff(ref failure);
            }

            doneBytes += pieceBytes;
        }
        while (doneBytes < lengthBytes);
        return true;
    }

    private bool BreakOff(ref DiskStatus failure)
    {
        failure = DiskStatus.Ok;
        return replies.BreakOff();
    }
}
