using BlockEmu.Device.Cache;
using BlockEmu.Device.Media;
using BlockEmu.Device.Power;

namespace BlockEmu.Device.Commands;

/// <summary>The map of a range: the cache under the lock, the platter without it when the medium waits.</summary>
/// <remarks>A platter asked outside the lock still answers for the instant of the lock: the range is registered as being
/// read, so that nothing is destaged into it meanwhile.</remarks>
internal sealed class MapCommand(DiskCore core, Destager destager, PowerGate powerGate)
{
    [ThreadStatic]
    private static List<DiskExtent>? t_pieces;

    private readonly ExtentWalk _walk = new(core.Geometry, core.Cache, core.Reader); // used under the lock

    public DiskStatus Map(long epoch, ByteRange range, int maxExtents, List<DiskExtent> extents)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxExtents, 1);
        extents.Clear();
        if (!core.Geometry.IsInside(range.OffsetBytes, range.LengthBytes))
        {
            return DiskStatus.OutOfRange;
        }

        List<DiskExtent> pieces = t_pieces ??= [];
        int read;
        while (true)
        {
            lock (core.Gate)
            {
                DiskStatus? admitted = core.Admit(epoch);
                if (admitted == DiskStatus.Ok)
                {
                    pieces.Clear();
                    _walk.Run(range, maxExtents, pieces);
                    if (core.Medium.IsImmediate)
                    {
                        AskPlatter(core.Medium, pieces, maxExtents, extents);
                        return DiskStatus.Ok;
                    }

                    read = destager.Reads.Begin(range);
                    break;
                }

                if (admitted is not null)
                {
                    return admitted.Value;
                }
            }

            powerGate.WaitUntilSettled();
        }

        DiskStatus status = TryAskPlatter(pieces, maxExtents, extents);
        lock (core.Gate)
        {
            destager.Reads.End(read);
            return core.Epoch == epoch && core.State != PowerState.Off ? status : DiskStatus.PowerLost;
        }
    }

    private DiskStatus TryAskPlatter(List<DiskExtent> pieces, int maxExtents, List<DiskExtent> extents)
    {
        try
        {
            AskPlatter(core.Medium, pieces, maxExtents, extents);
            return DiskStatus.Ok;
        }
        catch (DeviceIoException e)
        {
            return core.Refuse(e);
        }
    }

    /// <summary>Splits what is persistent into what the platter holds and its holes.</summary>
    private static void AskPlatter(IMedium medium, List<DiskExtent> pieces, int maxExtents, List<DiskExtent> extents)
    {
        foreach (DiskExtent piece in pieces)
        {
            if (piece.State != DiskExtentState.Persistent)
            {
                if (!ExtentList.TryAdd(extents, maxExtents, piece))
                {
                    return;
                }

                continue;
            }

            long at = piece.OffsetBytes;
            while (at < piece.EndBytes)
            {
                ByteRange data = medium.NextPopulated(at, piece.EndBytes) ?? new ByteRange(piece.EndBytes, 0);
                if ((data.OffsetBytes > at
                        && !ExtentList.TryAdd(
                            extents, maxExtents, new DiskExtent(at, data.OffsetBytes - at, DiskExtentState.Hole, true)))
                    || (data.LengthBytes > 0
                        && !ExtentList.TryAdd(
                            extents, maxExtents,
                            new DiskExtent(data.OffsetBytes, data.LengthBytes, DiskExtentState.Persistent, false))))
                {
                    return;
                }

                at = data.EndBytes;
            }
        }
    }
}
