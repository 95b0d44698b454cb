using System.Buffers;
using BlockEmu.Device.Cache;
using BlockEmu.Device.Power;

namespace BlockEmu.Device;

/// <summary>Carries commands out against the core: takes the lock, waits where the core must not, does the medium's I/O.</summary>
internal sealed class DiskCommands(DiskCore core, Destager destager, PowerGate powerGate, bool isReadOnly)
{
    private const long MaxZeroBufferBytes = 1 << 20;

    [ThreadStatic]
    private static List<ByteRange>? t_gaps;

    private static List<ByteRange> Gaps => t_gaps ??= [];

    public DiskStatus Read(long epoch, long offsetBytes, Span<byte> destination)
    {
        if (!IsInside(offsetBytes, destination.Length))
        {
            return DiskStatus.OutOfRange;
        }

        List<ByteRange> gaps = Gaps;
        long read;
        while (true)
        {
            lock (core.Gate)
            {
                DiskStatus? admitted = core.Admit(epoch);
                if (admitted == DiskStatus.Ok)
                {
                    read = BeginRead(offsetBytes, destination, gaps);
                    if (read == 0)
                    {
                        return DiskStatus.Ok;
                    }

                    break;
                }

                if (admitted is not null)
                {
                    return admitted.Value;
                }
            }

            powerGate.WaitUntilSettled();
        }

        DiskStatus status = ReadGaps(offsetBytes, destination, gaps);
        lock (core.Gate)
        {
            destager.Reads.End(read);
            return core.Epoch == epoch && core.State != PowerState.Off ? status : DiskStatus.PowerLost;
        }
    }

    public DiskStatus Write(long epoch, long offsetBytes, ReadOnlySpan<byte> payload, bool isFua) =>
        ChangeBytes(epoch, WriteKind.Write, new ByteRange(offsetBytes, payload.Length), payload, isFua);

    public DiskStatus WriteZeroes(long epoch, long offsetBytes, long lengthBytes, bool isFua, bool keepsProvisioned) =>
        ChangeBytes(epoch, WriteKind.WriteZeroes, new ByteRange(offsetBytes, lengthBytes), [], isFua, keepsProvisioned);

    public DiskStatus Trim(long epoch, long offsetBytes, long lengthBytes, bool isFua)
    {
        DiskStatus judged = Judge(offsetBytes, lengthBytes);
        if (judged != DiskStatus.Ok)
        {
            return judged;
        }

        int block = core.Geometry.BlockSizeBytes;
        long start = (offsetBytes + block - 1) / block * block;
        long end = (offsetBytes + lengthBytes) / block * block;
        return start >= end
            ? WaitForPower(epoch)
            : Execute(epoch, WriteKind.Trim, new ByteRange(start, end - start), [], isFua);
    }

    public DiskStatus Flush(long epoch)
    {
        while (true)
        {
            DiskStatus? status = TryFlush(epoch);
            if (status is not null)
            {
                return status.Value;
            }

            powerGate.WaitUntilSettled();
        }
    }

    private DiskStatus? TryFlush(long epoch)
    {
        long covered;
        long flush;
        lock (core.Gate)
        {
            DiskStatus? admitted = core.Admit(epoch);
            if (admitted != DiskStatus.Ok)
            {
                return admitted;
            }

            covered = core.AcknowledgeOrder;
            flush = core.AcceptFlush();
            if (core.Medium.IsImmediate)
            {
                core.PersistAcknowledged(covered);
                core.AcknowledgeFlush(flush, covered);
                return DiskStatus.Ok;
            }
        }

        DiskStatus? status = destager.Flush(epoch, covered);
        if (status != DiskStatus.Ok)
        {
            return status;
        }

        lock (core.Gate)
        {
            DiskStatus? admitted = core.Admit(epoch);
            if (admitted == DiskStatus.Ok)
            {
                core.AcknowledgeFlush(flush, covered);
            }

            return admitted;
        }
    }

    private DiskStatus ChangeBytes(
        long epoch, WriteKind kind, ByteRange range, ReadOnlySpan<byte> payload, bool isFua, bool keepsProvisioned = false)
    {
        DiskStatus judged = Judge(range.OffsetBytes, range.LengthBytes);
        if (judged != DiskStatus.Ok)
        {
            return judged;
        }

        if (range.LengthBytes == 0)
        {
            return WaitForPower(epoch);
        }

        int block = core.Geometry.BlockSizeBytes;
        long start = range.OffsetBytes / block * block;
        long end = (range.EndBytes + block - 1) / block * block;
        if (start == range.OffsetBytes && end == range.EndBytes)
        {
            return Execute(epoch, kind, range, payload, isFua, keepsProvisioned);
        }

        return kind == WriteKind.Write
            ? WriteUnaligned(epoch, new ByteRange(start, end - start), range, payload, isFua)
            : ZeroUnaligned(epoch, new ByteRange(start, end - start), range, isFua, keepsProvisioned);
    }

    /// <summary>A write that is not block-aligned is a command on the covering blocks; the missing bytes come from visible
    /// content in the same step.</summary>
    private DiskStatus WriteUnaligned(long epoch, ByteRange covering, ByteRange range, ReadOnlySpan<byte> payload, bool isFua)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)covering.LengthBytes);
        try
        {
            Span<byte> bytes = buffer.AsSpan(0, (int)covering.LengthBytes);
            payload.CopyTo(bytes[(int)(range.OffsetBytes - covering.OffsetBytes)..]);
            return Execute(epoch, WriteKind.Write, covering, bytes, isFua, edges: new UnalignedEdges(covering, range, core.Geometry.BlockSizeBytes));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Zeroes with ragged ends. Up to the atomic units they are one write of zeroes on the covering blocks; beyond,
    /// where atoms are blocks anyway, the whole blocks stay one cheap command between two small writes.</summary>
    private DiskStatus ZeroUnaligned(long epoch, ByteRange covering, ByteRange range, bool isFua, bool keepsProvisioned)
    {
        if (covering.LengthBytes <= Math.Max(core.Atomicity.AwunBytes, MaxZeroBufferBytes))
        {
            byte[] zeroes = ArrayPool<byte>.Shared.Rent((int)range.LengthBytes);
            try
            {
                zeroes.AsSpan(0, (int)range.LengthBytes).Clear();
                return WriteUnaligned(epoch, covering, range, zeroes.AsSpan(0, (int)range.LengthBytes), isFua);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(zeroes);
            }
        }

        int block = core.Geometry.BlockSizeBytes;
        long start = (range.OffsetBytes + block - 1) / block * block;
        long end = range.EndBytes / block * block;
        Span<byte> edge = stackalloc byte[4096];
        edge.Clear();
        DiskStatus status = Write(epoch, range.OffsetBytes, edge[..(int)(start - range.OffsetBytes)], isFua);
        if (status == DiskStatus.Ok)
        {
            status = Execute(epoch, WriteKind.WriteZeroes, new ByteRange(start, end - start), [], isFua, keepsProvisioned);
        }

        return status == DiskStatus.Ok ? Write(epoch, end, edge[..(int)(range.EndBytes - end)], isFua) : status;
    }

    private DiskStatus Execute(
        long epoch, WriteKind kind, ByteRange range, Span<byte> payload, bool isFua, bool keepsProvisioned = false,
        UnalignedEdges? edges = null) =>
        Execute(epoch, kind, range, (ReadOnlySpan<byte>)payload, isFua, keepsProvisioned, edges, payload);

    private DiskStatus Execute(
        long epoch, WriteKind kind, ByteRange range, ReadOnlySpan<byte> payload, bool isFua, bool keepsProvisioned = false,
        UnalignedEdges? edges = null, Span<byte> fillable = default)
    {
        while (true)
        {
            DiskStatus? prepared = edges is null || core.Medium.IsImmediate ? DiskStatus.Ok : PrepareEdges(epoch, edges);
            if (prepared is not (null or DiskStatus.Ok))
            {
                return prepared.Value;
            }

            PendingCommand? command = null;
            long sequence = 0;
            DiskStatus? admitted;
            lock (core.Gate)
            {
                admitted = prepared is null ? null : core.Admit(epoch);
                if (admitted == DiskStatus.Ok && (core.IsWrittenThrough(isFua, payload.Length) || TryMakeRoom(payload.Length)))
                {
                    edges?.Fill(fillable, core);
                    command = core.Step(kind, range, payload, isFua);
                    command.KeepsProvisioned = keepsProvisioned;
                    sequence = command.Sequence;
                    if (Finish(command, isFua, payload.Length))
                    {
                        edges?.Release(destager.Reads);
                        return DiskStatus.Ok;
                    }
                }

                edges?.Release(destager.Reads);
            }

            if (command is not null)
            {
                return WriteThrough(epoch, command, sequence, isFua);
            }

            if (admitted == DiskStatus.Ok)
            {
                admitted = destager.MakeRoom(epoch, payload.Length);
            }

            if (admitted is null)
            {
                powerGate.WaitUntilSettled();
            }
            else if (admitted != DiskStatus.Ok)
            {
                return admitted.Value;
            }
        }
    }

    /// <summary>Acknowledges what can be now; false = it has to be written through first.</summary>
    private bool Finish(PendingCommand command, bool isFua, int payloadBytes)
    {
        long sequence = command.Sequence;
        if (!core.IsWrittenThrough(isFua, payloadBytes))
        {
            core.Acknowledge(sequence, command, isFua);
            return true;
        }

        if (!core.Medium.IsImmediate)
        {
            return false;
        }

        core.Persist(command);
        core.Acknowledge(sequence, null, isFua);
        return true;
    }

    private DiskStatus WriteThrough(long epoch, PendingCommand command, long sequence, bool isFua)
    {
        while (true)
        {
            DiskStatus? status = destager.PersistOne(epoch, command, sequence);
            lock (core.Gate)
            {
                if (status == DiskStatus.Ok)
                {
                    status = core.Admit(epoch);
                }

                if (status == DiskStatus.Ok)
                {
                    core.Acknowledge(sequence, null, isFua);
                    return DiskStatus.Ok;
                }

                if (status is DiskStatus.MediumError or DiskStatus.MediumFull && destager.IsPending(command, sequence))
                {
                    core.Cache.Withdraw(command); // a failed command leaves the old data
                }
            }

            if (status is not null)
            {
                return status.Value;
            }

            powerGate.WaitUntilSettled();
        }
    }

    /// <summary>On an immediate medium destages oldest-first until there is room; on others says whether there is.</summary>
    private bool TryMakeRoom(int payloadBytes)
    {
        while (!core.HasRoomFor(payloadBytes))
        {
            if (!core.Medium.IsImmediate || core.Cache.Pending.Oldest is not PendingCommand oldest)
            {
                return core.Medium.IsImmediate;
            }

            core.Persist(oldest);
        }

        return true;
    }

    private DiskStatus? PrepareEdges(long epoch, UnalignedEdges edges)
    {
        lock (core.Gate)
        {
            DiskStatus? admitted = core.Admit(epoch);
            if (admitted != DiskStatus.Ok)
            {
                return admitted;
            }

            edges.Register(destager.Reads);
        }

        DiskStatus status = edges.ReadPlatter(core.Medium);
        if (status != DiskStatus.Ok)
        {
            lock (core.Gate)
            {
                edges.Release(destager.Reads);
            }
        }

        return status;
    }

    /// <summary>Fills from the cache (and from an immediate medium); otherwise registers the rest. 0 = the read is done.</summary>
    private long BeginRead(long offsetBytes, Span<byte> destination, List<ByteRange> gaps)
    {
        core.Reader.Read(offsetBytes, destination, gaps);
        if (gaps.Count == 0)
        {
            return 0;
        }

        if (!core.Medium.IsImmediate)
        {
            return destager.Reads.Begin(new ByteRange(gaps[0].OffsetBytes, gaps[^1].EndBytes - gaps[0].OffsetBytes));
        }

        ReadGaps(offsetBytes, destination, gaps);
        return 0;
    }

    private DiskStatus ReadGaps(long offsetBytes, Span<byte> destination, List<ByteRange> gaps)
    {
        try
        {
            foreach (ByteRange gap in gaps)
            {
                core.Medium.Read(gap.OffsetBytes, destination.Slice((int)(gap.OffsetBytes - offsetBytes), (int)gap.LengthBytes));
            }

            return DiskStatus.Ok;
        }
        catch (DeviceIoException e)
        {
            return e.ToStatus();
        }
    }

    private DiskStatus WaitForPower(long epoch)
    {
        while (true)
        {
            lock (core.Gate)
            {
                if (core.Admit(epoch) is DiskStatus status)
                {
                    return status;
                }
            }

            powerGate.WaitUntilSettled();
        }
    }

    private DiskStatus Judge(long offsetBytes, long lengthBytes) =>
        isReadOnly ? DiskStatus.ReadOnly
        : IsInside(offsetBytes, lengthBytes) ? DiskStatus.Ok
        : DiskStatus.OutOfRange;

    private bool IsInside(long offsetBytes, long lengthBytes) =>
        offsetBytes >= 0 && lengthBytes >= 0 && lengthBytes <= core.Geometry.SizeBytes
        && offsetBytes <= core.Geometry.SizeBytes - lengthBytes;
}
