using BlockEmu.Device;
using BlockEmu.Device.Transfers;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Nbd;

/// <summary>Executing: one judged request becomes one call of the disk, on the thread that read it, and one reply.</summary>
internal sealed class RequestExecutor(NbdSession session, ReplyBatch replies)
{
    // Less is copied for less than it costs to send from where it lies.
    private const int LeastViewBytes = 4096;

    // What is no larger than this has its memory at once.
    private const int LeastPiecesBytes = PooledBuffer.SmallBytes / 2;

    private readonly PiecewiseRead _pieces = new(session, replies);

    // A flush of a file may be long, and so is what must reach the host's disk: the replies before it should not wait for it.
    private readonly bool _isFlushSlow = session.Disk.Options.FilePath is not null;
    private readonly bool _isFuaSlow = session.Disk.Options is { FilePath: not null, SyncToHost: true };
    private readonly bool _mayTellHoles = session.Terms.Replies != NbdReplyStyle.Simple;
    private readonly BlockStatusCommand _blockStatus = new(session, replies);

    /// <summary>False when the session ended. The payload is only read during the call.</summary>
    public bool Execute(in NbdRequestHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.Command == NbdCommand.Read)
        {
            return Read(header);
        }

        if (header.Command == NbdCommand.BlockStatus)
        {
            return TellStatus(header, session.Terms.Contexts);
        }

        bool fua = IsFua(header);
        if (((_isFuaSlow && fua) || (_isFlushSlow && header.Command == NbdCommand.Flush)) && !replies.Send())
        {
            return false;
        }

        return AnswerStatus(header, Carry(header, payload, fua));
    }

    /// <summary>A WRITE whose payload is whole. False when the session ended.</summary>
    public bool Write(in NbdRequestHeader header, StockedPayload payload)
    {
        bool fua = IsFua(header);
        return (!_isFuaSlow || !fua || replies.Send()) && AnswerStatus(header, payload.Write(fua));
    }

    /// <summary>BLOCK_STATUS for these contexts. False when the session ended.</summary>
    public bool TellStatus(in NbdRequestHeader header, IReadOnlyList<NbdMetaContext> contexts)
    {
        DiskStatus status = _blockStatus.Run(header, contexts, out bool goesOn);
        return status == DiskStatus.Ok ? goesOn : AnswerStatus(header, status);
    }

    /// <summary>Gives back what it holds between requests.</summary>
    public void Release() => _blockStatus.Release();

    /// <summary>Answers with an error that was found without the disk. False when the session ended.</summary>
    public bool Answer(in NbdRequestHeader header, in NbdRefusal refusal)
    {
        bool succeeded = refusal.Error == NbdError.None;
        long bytes = header.Command == NbdCommand.Flush ? 0 : (long)header.LengthBytes;
        return replies.Add(
            new BatchedReply(header.Cookie, OperationOf(header.Command), succeeded, IsFua(header), bytes)
            {
                OffsetBytes = header.OffsetBytes,
            },
            refusal);
    }

    private bool Read(in NbdRequestHeader header)
    {
        int lengthBytes = (int)header.LengthBytes;
        bool isShort = lengthBytes >= LeastPiecesBytes;
        if (!replies.TryReserve(lengthBytes, out Span<byte> data, ref isShort))
        {
            if (isShort && session.Disk.MayReadInPieces(lengthBytes))
            {
                return ReadInPieces(header);
            }

            bool mayBeShort = false;
            if (!isShort || !replies.TryReserve(lengthBytes, out data, ref mayBeShort))
            {
                return false;
            }
        }

        if (lengthBytes >= LeastViewBytes && replies.CanView)
        {
            return ReadView(header, lengthBytes);
        }

        long? failedAtBytes = null;
        DiskStatus status = lengthBytes == 0
            ? StatusOfNothing()
            : session.Disk.Read(session.Epoch, (long)header.OffsetBytes, data, out failedAtBytes);
        if (status != DiskStatus.Ok || lengthBytes == 0)
        {
            return AnswerStatus(header, status, failedAtBytes);
        }

        // Data mostly ends the search at its first byte, and what is all zero need not be sent.
        bool isHole = MayTellHole(header) && !data.ContainsAnyExcept((byte)0);
        replies.AddData(ReadReply(header), lengthBytes, isHole);
        return true;
    }

    /// <summary>A READ whose data is sent from where it lies; its place in the batch is reserved.</summary>
    private bool ReadView(in NbdRequestHeader header, int lengthBytes)
    {
        int first = replies.View.Segments.Length;
        DiskStatus status = session.Disk.Read(session.Epoch, (long)header.OffsetBytes, lengthBytes, replies.View);
        if (status != DiskStatus.Ok)
        {
            return AnswerStatus(header, status);
        }

        if (MayTellHole(header) && IsZero(replies.View.Segments[first..]))
        {
            replies.AddData(ReadReply(header), lengthBytes, isHole: true);
        }
        else
        {
            replies.AddView(ReadReply(header), lengthBytes, first);
        }

        return true;
    }

    /// <summary>A READ for whose data there is no memory now.</summary>
    private bool ReadInPieces(in NbdRequestHeader header)
    {
        bool isDone = _pieces.Run(header, ReadReply(header), out DiskStatus failure, out long? failedAtBytes);
        return isDone || (failure != DiskStatus.Ok && AnswerStatus(header, failure, failedAtBytes));
    }

    private bool MayTellHole(in NbdRequestHeader header) =>
        _mayTellHoles && (header.Flags & NbdCommandFlags.DontFragment) == NbdCommandFlags.None;

    private static bool IsZero(ReadOnlySpan<PageSegment> segments)
    {
        foreach (PageSegment segment in segments)
        {
            if (segment.Bytes.ContainsAnyExcept((byte)0))
            {
                return false;
            }
        }

        return true;
    }

    private static BatchedReply ReadReply(in NbdRequestHeader header) =>
        new(header.Cookie, DiskOperation.Read, true, IsFua(header), (long)header.LengthBytes) { OffsetBytes = header.OffsetBytes };

    private bool AnswerStatus(in NbdRequestHeader header, DiskStatus status, long? failedAtBytes = null)
    {
        if (status == DiskStatus.PowerLost)
        {
            session.LosePower();
        }

        return Answer(header, NbdErrors.Explain(status, header.Command) with { AtBytes = (ulong?)failedAtBytes });
    }

    private DiskStatus Carry(in NbdRequestHeader header, ReadOnlySpan<byte> payload, bool fua)
    {
        Disk disk = session.Disk;
        if (header.Command == NbdCommand.Flush)
        {
            return disk.Flush(session.Epoch);
        }

        long offsetBytes = (long)header.OffsetBytes;
        long lengthBytes = (long)header.LengthBytes;
        if (lengthBytes == 0 || header.Command == NbdCommand.Cache)
        {
            return StatusOfNothing();
        }

        return header.Command switch
        {
            NbdCommand.Write => disk.Write(session.Epoch, offsetBytes, payload, fua),
            NbdCommand.Trim => disk.Trim(session.Epoch, offsetBytes, lengthBytes, fua),
            _ => disk.WriteZeroes(
                session.Epoch, offsetBytes, lengthBytes, fua,
                mayPunchHole: (header.Flags & NbdCommandFlags.NoHole) == NbdCommandFlags.None),
        };
    }

    /// <summary>What does nothing succeeds, on a disk that has power.</summary>
    private DiskStatus StatusOfNothing() => session.IsLive ? DiskStatus.Ok : DiskStatus.PowerLost;

    private static bool IsFua(in NbdRequestHeader header) =>
        (header.Flags & NbdCommandFlags.Fua) != NbdCommandFlags.None;

    private static DiskOperation? OperationOf(NbdCommand command) => command switch
    {
        NbdCommand.Read => DiskOperation.Read,
        NbdCommand.Write => DiskOperation.Write,
        NbdCommand.WriteZeroes => DiskOperation.WriteZeroes,
        NbdCommand.Trim => DiskOperation.Trim,
        NbdCommand.Flush => DiskOperation.Flush,
        NbdCommand.Cache => DiskOperation.Cache,
        NbdCommand.BlockStatus => DiskOperation.BlockStatus,
        _ => null,
    };
}
