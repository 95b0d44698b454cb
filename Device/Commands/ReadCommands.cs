using System.Buffers;
using BlockEmu.Device.Cache;
using BlockEmu.Device.Power;
using BlockEmu.Device.Transfers;

namespace BlockEmu.Device.Commands;

/// <summary>Reads: the cache under the lock, the platter without it when the medium waits.</summary>
internal sealed class ReadCommands(DiskCore core, Destager destager, PowerGate powerGate)
{
    [ThreadStatic]
    private static List<ByteRange>? t_gaps;

    public DiskStatus Read(long epoch, long offsetBytes, Span<byte> destination, out long? failedAtBytes)
    {
        failedAtBytes = null;
        if (!core.Geometry.IsInside(offsetBytes, destination.Length))
        {
            return DiskStatus.OutOfRange;
        }

        List<ByteRange> gaps = t_gaps ??= [];
        int read;
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

        DiskStatus status = ReadGaps(offsetBytes, destination, gaps, out failedAtBytes);
        lock (core.Gate)
        {
            destager.Reads.End(read);
            return core.Epoch == epoch && core.State != PowerState.Off ? status : DiskStatus.PowerLost;
        }
    }

    /// <summary>Whether a range holds what is expected.</summary>
    public DiskStatus Compare(long epoch, long offsetBytes, ReadOnlySpan<byte> expected)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(expected.Length);
        try
        {
            Span<byte> visible = buffer.AsSpan(0, expected.Length);
            DiskStatus status = Read(epoch, offsetBytes, visible, out _);
            return status == DiskStatus.Ok && !visible.SequenceEqual(expected) ? DiskStatus.Miscompare : status;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads without copying; only with a medium in memory.</summary>
    public DiskStatus Read(long epoch, long offsetBytes, int lengthBytes, ReadView view)
    {
        if (!core.Geometry.IsInside(offsetBytes, lengthBytes))
        {
            return DiskStatus.OutOfRange;
        }

        while (true)
        {
            lock (core.Gate)
            {
                DiskStatus? admitted = core.Admit(epoch);
                if (admitted == DiskStatus.Ok)
                {
                    core.Arena.Pins.Pin(view);
                    core.Reader.View(offsetBytes, lengthBytes, view);
                }

                if (admitted is not null)
                {
                    return admitted.Value;
                }
            }

            powerGate.WaitUntilSettled();
        }
    }

    /// <summary>Fills from the cache (and from an immediate medium); otherwise registers the rest. 0 = the read is done.</summary>
    private int BeginRead(long offsetBytes, Span<byte> destination, List<ByteRange> gaps)
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

        ReadGaps(offsetBytes, destination, gaps, out _);
        return 0;
    }

    private DiskStatus ReadGaps(long offsetBytes, Span<byte> destination, List<ByteRange> gaps, out long? failedAtBytes)
    {
        failedAtBytes = null;
        ByteRange at = default;
        try
        {
            foreach (ByteRange gap in gaps)
            {
                at = gap;
                core.Medium.Read(gap.OffsetBytes, destination.Slice((int)(gap.OffsetBytes - offsetBytes), (int)gap.LengthBytes));
            }

            return DiskStatus.Ok;
        }
        catch (DeviceIoException e)
        {
            failedAtBytes = e.OffsetBytes >= at.OffsetBytes && e.OffsetBytes < at.EndBytes ? e.OffsetBytes : null;
            return core.Refuse(e);
        }
    }
}
