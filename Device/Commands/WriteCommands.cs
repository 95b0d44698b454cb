using System.Buffers;
using BlockEmu.Device.Transfers;

namespace BlockEmu.Device.Commands;

/// <summary>The write-class commands as clients give them: judged, and brought to whole blocks.</summary>
internal sealed class WriteCommands(DiskCore core, StepExecutor executor, bool isReadOnly)
{
    /// <summary>Zeroes with ragged ends up to this length are one write, whatever the atomic units are.</summary>
    private const long MaxZeroBufferBytes = 1 << 20;

    /// <param name="epoch">The session's epoch.</param>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="payload">The bytes.</param>
    /// <param name="isFua">Persistent before it completes.</param>
    /// <param name="taken">It is part of a command that takes several steps, and is not acknowledged by itself.</param>
    public DiskStatus Write(long epoch, long offsetBytes, ReadOnlySpan<byte> payload, bool isFua, StepsTaken? taken = null) =>
        ChangeBytes(epoch, WriteKind.Write, new ByteRange(offsetBytes, payload.Length), payload, isFua, taken: taken);

    /// <summary>A write whose payload lies in a stock's pages.</summary>
    public DiskStatus Write(long epoch, long offsetBytes, int lengthBytes, WriteStock stock, bool isFua)
    {
        DiskStatus judged = Judge(offsetBytes, lengthBytes);
        return judged != DiskStatus.Ok
            ? judged
            : executor.Execute(
                epoch, WriteKind.Write, new ByteRange(offsetBytes, lengthBytes), new WritePayload(stock, lengthBytes), isFua);
    }

    public DiskStatus WriteZeroes(
        long epoch, long offsetBytes, long lengthBytes, bool isFua, bool keepsProvisioned, StepsTaken? taken = null) =>
        ChangeBytes(epoch, WriteKind.WriteZeroes, new ByteRange(offsetBytes, lengthBytes), [], isFua, keepsProvisioned, taken);

    public DiskStatus Trim(long epoch, long offsetBytes, long lengthBytes, bool isFua, StepsTaken? taken = null)
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
            ? executor.WaitForPower(epoch)
            : executor.Execute(epoch, WriteKind.Trim, new ByteRange(start, end - start), default, isFua, taken: taken);
    }

    /// <summary>Writes if the range holds what is expected, in one step with the comparison.</summary>
    public DiskStatus CompareAndWrite(
        long epoch, long offsetBytes, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> payload, bool isFua)
    {
        if (expected.Length != payload.Length)
        {
            throw new ArgumentException($"{expected.Length} bytes are expected where {payload.Length} are to be written", nameof(expected));
        }

        DiskStatus judged = Judge(offsetBytes, payload.Length);
        if (judged != DiskStatus.Ok || payload.IsEmpty)
        {
            return judged != DiskStatus.Ok ? judged : executor.WaitForPower(epoch);
        }

        ByteRange range = new(offsetBytes, payload.Length);
        ByteRange covering = Cover(range);
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)covering.LengthBytes);
        try
        {
            using ComparedContent compared = new(covering, range, expected);
            Span<byte> bytes = buffer.AsSpan(0, (int)covering.LengthBytes);
            payload.CopyTo(bytes[(int)(range.OffsetBytes - covering.OffsetBytes)..]);
            return executor.Execute(epoch, covering, bytes, isFua, compared, core.CompareAtomicity);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The steps of one command are complete.</summary>
    public DiskStatus Acknowledge(long epoch, StepsTaken taken) => executor.Acknowledge(epoch, taken);

    /// <summary>Whether a command can be at all.</summary>
    public DiskStatus Judge(long offsetBytes, long lengthBytes) =>
        isReadOnly ? DiskStatus.ReadOnly
        : core.Geometry.IsInside(offsetBytes, lengthBytes) ? DiskStatus.Ok
        : DiskStatus.OutOfRange;

    private DiskStatus ChangeBytes(
        long epoch, WriteKind kind, ByteRange range, ReadOnlySpan<byte> payload, bool isFua, bool keepsProvisioned = false,
        StepsTaken? taken = null)
    {
        DiskStatus judged = Judge(range.OffsetBytes, range.LengthBytes);
        if (judged != DiskStatus.Ok)
        {
            return judged;
        }

        if (range.LengthBytes == 0)
        {
            return executor.WaitForPower(epoch);
        }

        ByteRange covering = Cover(range);
        if (covering == range)
        {
            return executor.Execute(epoch, kind, range, new WritePayload(payload), isFua, keepsProvisioned, taken: taken);
        }

        return kind == WriteKind.Write
            ? WriteUnaligned(epoch, covering, range, payload, isFua, taken)
            : ZeroUnaligned(epoch, covering, range, isFua, keepsProvisioned, taken);
    }

    /// <summary>A write that is not block-aligned is a command on the covering blocks; the missing bytes come from visible
    /// content in the same step.</summary>
    private DiskStatus WriteUnaligned(
        long epoch, ByteRange covering, ByteRange range, ReadOnlySpan<byte> payload, bool isFua, StepsTaken? taken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)covering.LengthBytes);
        try
        {
            Span<byte> bytes = buffer.AsSpan(0, (int)covering.LengthBytes);
            payload.CopyTo(bytes[(int)(range.OffsetBytes - covering.OffsetBytes)..]);
            UnalignedEdges edges = new(covering, range, core.Geometry.BlockSizeBytes);
            return executor.Execute(epoch, covering, bytes, isFua, edges, taken?.Accepted ?? core.Atomicity, taken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Zeroes with ragged ends. Up to the atomic units they are one write of zeroes on the covering blocks; beyond,
    /// where atoms are blocks anyway, the whole blocks stay one cheap command between two small writes.</summary>
    private DiskStatus ZeroUnaligned(
        long epoch, ByteRange covering, ByteRange range, bool isFua, bool keepsProvisioned, StepsTaken? taken)
    {
        if (covering.LengthBytes <= Math.Max(core.Atomicity.EffectiveAwunBytes, MaxZeroBufferBytes))
        {
            byte[] zeroes = ArrayPool<byte>.Shared.Rent((int)range.LengthBytes);
            try
            {
                zeroes.AsSpan(0, (int)range.LengthBytes).Clear();
                return WriteUnaligned(epoch, covering, range, zeroes.AsSpan(0, (int)range.LengthBytes), isFua, taken);
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
        DiskStatus status = Write(epoch, range.OffsetBytes, edge[..(int)(start - range.OffsetBytes)], isFua, taken);
        if (status == DiskStatus.Ok)
        {
            status = executor.Execute(
                epoch, WriteKind.WriteZeroes, new ByteRange(start, end - start), default, isFua, keepsProvisioned, taken: taken);
        }

        return status == DiskStatus.Ok ? Write(epoch, end, edge[..(int)(range.EndBytes - end)], isFua, taken) : status;
    }

    /// <summary>The whole blocks around a range.</summary>
    private ByteRange Cover(ByteRange range)
    {
        int block = core.Geometry.BlockSizeBytes;
        long start = range.OffsetBytes / block * block;
        long end = (range.EndBytes + block - 1) / block * block;
        return new ByteRange(start, end - start);
    }
}
