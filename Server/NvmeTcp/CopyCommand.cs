using System.Buffers;
using BlockEmu.Device;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>Copy: reads its source ranges, then writes the destination.</summary>
/// <remarks>The destination is one write up to <see cref="PieceBytes"/>, with the atomicity of one; what is larger is written in
/// pieces of that. It may overlap the sources only as far as one piece goes; beyond, the host gets what the order of the pieces
/// makes of it.</remarks>
internal sealed class CopyCommand(QueueSession session, UnreadableBlocks unreadable)
{
    /// <summary>How much is held at once.</summary>
    public const int PieceBytes = NvmeLimits.MaxTransferBytes;

    private byte[] _piece = [];

    /// <summary>Reads into the piece.</summary>
    public DiskStatus Read(long offsetBytes, int lengthBytes) => ReadTo(0, offsetBytes, lengthBytes);

    /// <summary>Gives the piece back.</summary>
    public void Release()
    {
        if (_piece.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_piece);
            _piece = [];
        }
    }

    /// <summary>Carries it out.</summary>
    /// <param name="command">Judged but for its ranges.</param>
    /// <param name="data">The ranges.</param>
    /// <param name="isFua">Persistent before it completes.</param>
    /// <param name="failedRange">DW0: the lowest range that was not copied, when it failed.</param>
    public NvmeStatus Run(in NvmeCommand command, ReadOnlySpan<byte> data, bool isFua, out uint failedRange)
    {
        failedRange = 0;
        NvmeStatus judged = Judge(command, data);
        if (!judged.IsSuccess)
        {
            return judged;
        }

        NvmeStatus status = Copy(command, data, isFua, out failedRange);
        Release();
        if (status.IsSuccess)
        {
            failedRange = 0;
        }

        return status;
    }

    private NvmeStatus Judge(in NvmeCommand command, ReadOnlySpan<byte> data)
    {
        NvmeNamespace space = session.Namespace!;
        ulong totalBlocks = 0;
        for (int i = 0; i < command.RangeCount; i++)
        {
            NvmeCopyRange range = NvmeCopyRange.Read(data[(i * NvmeCopyRange.SizeBytes)..]);
            totalBlocks += (ulong)range.BlockCount;
            if (range.BlockCount > NvmeLimits.MaxCopyRangeBlocks)
            {
                return NvmeStatus.CommandSizeLimitExceeded.Final;
            }

            if (!space.Contains(range.StartingLba, (ulong)range.BlockCount))
            {
                return NvmeStatus.LbaOutOfRange.Final;
            }
        }

        return totalBlocks > NvmeLimits.MaxCopyBlocks ? NvmeStatus.CommandSizeLimitExceeded.Final
            : !space.Contains(command.StartingLba, totalBlocks) ? NvmeStatus.LbaOutOfRange.Final
            : NvmeStatus.Success;
    }

    private NvmeStatus Copy(in NvmeCommand command, ReadOnlySpan<byte> data, bool isFua, out uint failedRange)
    {
        int shift = session.Namespace!.BlockShift;
        long target = (long)command.StartingLba << shift;
        int heldBytes = 0;
        uint firstHeld = 0;
        for (uint i = 0; i < command.RangeCount; i++)
        {
            NvmeCopyRange range = NvmeCopyRange.Read(data[((int)i * NvmeCopyRange.SizeBytes)..]);
            failedRange = firstHeld;
            if (!unreadable.IsEmpty && unreadable.Overlaps(range.StartingLba, (ulong)range.BlockCount))
            {
                failedRange = i;
                return NvmeStatus.UnrecoveredReadError.Final;
            }

            long source = (long)range.StartingLba << shift;
            long leftBytes = (long)range.BlockCount << shift;
            while (leftBytes > 0)
            {
                int bytes = (int)Math.Min(leftBytes, PieceBytes - heldBytes);
                DiskStatus read = ReadTo(heldBytes, source, bytes);
                if (read != DiskStatus.Ok)
                {
                    failedRange = i;
                    return Fail(read, isRead: true);
                }

                (heldBytes, source, leftBytes) = (heldBytes + bytes, source + bytes, leftBytes - bytes);
                bool isEnd = leftBytes == 0 && i + 1 == command.RangeCount;
                if (heldBytes < PieceBytes && !isEnd)
                {
                    continue;
                }

                DiskStatus written = session.Disk.Write(session.Epoch, target, _piece.AsSpan(0, heldBytes), isFua);
                if (written != DiskStatus.Ok)
                {
                    return Fail(written, isRead: false);
                }

                if (!unreadable.IsEmpty)
                {
                    unreadable.Clear((ulong)(target >> shift), (ulong)(heldBytes >> shift));
                }

                target += heldBytes;
                heldBytes = 0;
                firstHeld = leftBytes == 0 ? i + 1 : i;
                failedRange = firstHeld;
            }
        }

        failedRange = 0;
        return NvmeStatus.Success;
    }

    private NvmeStatus Fail(DiskStatus status, bool isRead)
    {
        if (status == DiskStatus.PowerLost)
        {
            session.LosePower();
        }

        return NvmeIoStatus.Translate(status, isRead);
    }

    private DiskStatus ReadTo(int at, long offsetBytes, int lengthBytes)
    {
        if (_piece.Length == 0)
        {
            _piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        }

        return session.Disk.Read(session.Epoch, offsetBytes, _piece.AsSpan(at, lengthBytes));
    }
}
