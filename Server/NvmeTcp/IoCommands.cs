using BlockEmu.Device;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Nvme;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>Executing: the one visible place where a command of an I/O queue, judged (<see cref="IoJudge"/>) and with its data,
/// becomes calls of the disk, on the thread that read it, and one completion.</summary>
internal sealed class IoCommands
{
    // Less is copied for less than it costs to send from where it lies.
    private const int LeastViewBytes = 4096;
    private const int LeastStockBytes = 16 << 10;

    // What is no larger than this has its memory at once.
    private const int LeastPiecesBytes = PooledBuffer.SmallBytes / 2;

    private readonly QueueSession _session;
    private readonly CapsuleBatch _replies;
    private readonly IoAnswers _answers;
    private readonly PiecewiseRead _pieces;
    private readonly UnreadableBlocks _unreadable;
    private readonly NvmeNamespace _space;
    private readonly Disk _disk;
    private readonly CopyCommand _copy;
    private readonly long _epoch;

    // A flush of a file may be long, and so is what must reach the host's disk: the replies before it should not wait for it.
    private readonly bool _isFlushSlow;
    private readonly bool _isFuaSlow;

    public IoCommands(QueueSession session, CapsuleBatch replies, UnreadableBlocks unreadable)
    {
        (_session, _replies, _unreadable) = (session, replies, unreadable);
        _space = session.Namespace!;
        _disk = session.Disk;
        _epoch = session.Epoch;
        _answers = new IoAnswers(session, replies);
        _pieces = new PiecewiseRead(session, replies, _answers);
        _copy = new CopyCommand(session, unreadable);
        _isFlushSlow = _disk.Options.FilePath is not null;
        _isFuaSlow = _disk.Options is { FilePath: not null, SyncToHost: true };
    }

    /// <summary>Completions that need no disk.</summary>
    public IoAnswers Answers => _answers;

    /// <summary>False: the session ended.</summary>
    /// <param name="command">The command.</param>
    /// <param name="data">What it needs of the host, read during the call only.</param>
    public bool Execute(in NvmeCommand command, ReadOnlySpan<byte> data)
    {
        switch (command.IoOpcode)
        {
            case NvmeIoOpcode.Read:
                return Read(command);
            case NvmeIoOpcode.Write:
                return MaySendBefore(command) && AnswerWrite(command, _disk.Write(_epoch, OffsetOf(command), data, IsFua(command)));
            case NvmeIoOpcode.Flush:
                return (!_isFlushSlow || _replies.Send()) && _answers.Add(command, _disk.Flush(_epoch));
            case NvmeIoOpcode.Compare:
                return Compare(command, data);
            case NvmeIoOpcode.WriteZeroes:
                return AnswerWrite(
                    command, _disk.WriteZeroes(_epoch, OffsetOf(command), LengthOf(command), IsFua(command), mayPunchHole: command.Deallocate));
            case NvmeIoOpcode.DatasetManagement:
                return Deallocate(command, data);
            case NvmeIoOpcode.Verify:
                return Verify(command);
            case NvmeIoOpcode.WriteUncorrectable:
                return MarkUnreadable(command);
            default:
                return _answers.Add(command, _copy.Run(command, data, IsFua(command), out uint failedRange), failedRange);
        }
    }

    /// <summary>Whether a command is a write whose data can go to where the disk keeps it, and is large enough for that.</summary>
    public bool CanStock(in NvmeCommand command, int lengthBytes) =>
        command.IoOpcode == NvmeIoOpcode.Write && lengthBytes >= LeastStockBytes && _disk.CanStock(OffsetOf(command), lengthBytes);

    /// <summary>A write that is stocked. False: the session ended.</summary>
    public bool Write(HostTransfer write) =>
        MaySendBefore(write.Command) && AnswerWrite(write.Command, write.Write(IsFua(write.Command)));

    /// <summary>Compare and Write, both halves with their data. False: the session ended.</summary>
    public bool CompareAndWrite(in NvmeCommand compare, ReadOnlySpan<byte> expected, in NvmeCommand write, ReadOnlySpan<byte> data)
    {
        if (IsUnreadable(compare))
        {
            return _answers.Add(compare, NvmeStatus.UnrecoveredReadError.Final) && _answers.Add(write, NvmeStatus.FusedFailed.Final);
        }

        if (_space.ExceedsCompareAndWrite(write.StartingLba, write.BlockCount))
        {
            return _answers.Add(compare, NvmeStatus.AtomicWriteUnitExceeded.Final) && _answers.Add(write, NvmeStatus.FusedFailed.Final);
        }

        DiskStatus status = _disk.CompareAndWrite(_epoch, OffsetOf(write), expected, data, IsFua(write));
        return status switch
        {
            DiskStatus.Ok => AnswerBoth(compare, write),
            DiskStatus.Miscompare => _answers.Add(compare, status) && _answers.Add(write, NvmeStatus.FusedFailed.Final),
            _ => _answers.Add(compare, NvmeStatus.FusedFailed.Final) && _answers.Add(write, status),
        };
    }

    /// <summary>What comes before a write that may take long is sent. False: that ended the session.</summary>
    private bool MaySendBefore(in NvmeCommand write) => !_isFuaSlow || !IsFua(write) || _replies.Send();

    private bool AnswerBoth(in NvmeCommand compare, in NvmeCommand write) =>
        _answers.Add(compare, NvmeStatus.Success) && AnswerWrite(write, DiskStatus.Ok);

    private bool Read(in NvmeCommand command)
    {
        int lengthBytes = (int)LengthOf(command);
        if (command.ForceUnitAccess && CommitForRead(command) is { } goesOn)
        {
            return goesOn;
        }

        if (IsUnreadable(command))
        {
            return _answers.Add(command, NvmeStatus.UnrecoveredReadError.Final);
        }

        bool isShort = lengthBytes >= LeastPiecesBytes;
        if (!_replies.TryReserve(lengthBytes, out Span<byte> data, ref isShort))
        {
            if (isShort && _disk.MayReadInPieces(lengthBytes))
            {
                return _pieces.Run(command, OffsetOf(command), lengthBytes);
            }

            bool mayBeShort = false;
            if (!isShort || !_replies.TryReserve(lengthBytes, out data, ref mayBeShort))
            {
                return false;
            }
        }

        bool maySkipCapsule = !_session.Queue.HasFlowControl;
        if (lengthBytes >= LeastViewBytes && _replies.CanView)
        {
            int first = _replies.View.Segments.Length;
            DiskStatus viewed = _disk.Read(_epoch, OffsetOf(command), lengthBytes, _replies.View);
            if (viewed != DiskStatus.Ok)
            {
                return _answers.Add(command, viewed, isRead: true);
            }

            _replies.AddView(_answers.Describe(command), lengthBytes, first, maySkipCapsule);
            return true;
        }

        DiskStatus status = _disk.Read(_epoch, OffsetOf(command), data);
        if (status != DiskStatus.Ok)
        {
            return _answers.Add(command, status, isRead: true);
        }

        _replies.AddData(_answers.Describe(command), lengthBytes, 0, maySkipCapsule);
        return true;
    }

    /// <summary>A read with FUA returns what is on media: the cache goes there first. Not null: that failed, and was answered.</summary>
    private bool? CommitForRead(in NvmeCommand command)
    {
        if (_isFlushSlow && !_replies.Send())
        {
            return false;
        }

        DiskStatus status = _disk.Flush(_epoch);
        return status == DiskStatus.Ok ? null : _answers.Add(command, status, isRead: true);
    }

    private bool Compare(in NvmeCommand command, ReadOnlySpan<byte> data)
    {
        if (command.ForceUnitAccess && CommitForRead(command) is { } goesOn)
        {
            return goesOn;
        }

        return IsUnreadable(command)
            ? _answers.Add(command, NvmeStatus.UnrecoveredReadError.Final)
            : _answers.Add(command, _disk.Compare(_epoch, OffsetOf(command), data), isRead: true);
    }

    /// <summary>Ranges are judged before any is deallocated.</summary>
    private bool Deallocate(in NvmeCommand command, ReadOnlySpan<byte> data)
    {
        if (!command.RangesDeallocate)
        {
            // Hints, of which none is taken.
            return _answers.Add(command, NvmeStatus.Success);
        }

        for (int i = 0; i < command.RangeCount; i++)
        {
            NvmeDsmRange range = NvmeDsmRange.Read(data[(i * NvmeDsmRange.SizeBytes)..]);
            if (!_space.Contains(range.StartingLba, range.BlockCount))
            {
                return _answers.Add(command, NvmeStatus.LbaOutOfRange.Final);
            }
        }

        DiskStatus status = DiskStatus.Ok;
        bool isFua = _session.Queue.Controller.MustForceUnitAccess;
        for (int i = 0; i < command.RangeCount && status == DiskStatus.Ok; i++)
        {
            NvmeDsmRange range = NvmeDsmRange.Read(data[(i * NvmeDsmRange.SizeBytes)..]);
            status = _disk.Trim(_epoch, (long)range.StartingLba << _space.BlockShift, (long)range.BlockCount << _space.BlockShift, isFua);
            if (status == DiskStatus.Ok && !_unreadable.IsEmpty)
            {
                _unreadable.Clear(range.StartingLba, range.BlockCount);
            }
        }

        return _answers.Add(command, status);
    }

    /// <summary>A read whose data goes nowhere.</summary>
    private bool Verify(in NvmeCommand command)
    {
        if (command.ForceUnitAccess && CommitForRead(command) is { } goesOn)
        {
            return goesOn;
        }

        if (IsUnreadable(command))
        {
            return _answers.Add(command, NvmeStatus.UnrecoveredReadError.Final);
        }

        DiskStatus status = DiskStatus.Ok;
        long lengthBytes = LengthOf(command);
        for (long done = 0; done < lengthBytes && status == DiskStatus.Ok;)
        {
            int pieceBytes = (int)Math.Min(lengthBytes - done, CopyCommand.PieceBytes);
            status = _copy.Read(OffsetOf(command) + done, pieceBytes);
            done += pieceBytes;
        }

        _copy.Release();
        return _answers.Add(command, status, isRead: true);
    }

    private bool MarkUnreadable(in NvmeCommand command) =>
        _answers.Add(
            command,
            _unreadable.TryMark(command.StartingLba, (ulong)command.BlockCount) ? NvmeStatus.Success : NvmeStatus.InternalError.Final);

    private bool AnswerWrite(in NvmeCommand command, DiskStatus status)
    {
        if (!_unreadable.IsEmpty && status == DiskStatus.Ok)
        {
            _unreadable.Clear(command.StartingLba, (ulong)command.BlockCount);
        }

        return _answers.Add(command, status);
    }

    private bool IsUnreadable(in NvmeCommand command) =>
        !_unreadable.IsEmpty && _unreadable.Overlaps(command.StartingLba, (ulong)command.BlockCount);

    private bool IsFua(in NvmeCommand command) => command.ForceUnitAccess || _session.Queue.Controller.MustForceUnitAccess;

    private long OffsetOf(in NvmeCommand command) => (long)command.StartingLba << _space.BlockShift;

    private long LengthOf(in NvmeCommand command) => (long)command.BlockCount << _space.BlockShift;
}
