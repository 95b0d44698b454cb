using BlockEmu.Device.Cache;

namespace BlockEmu.Device.Power;

/// <summary>Splits the live pieces of a command where atoms (or tied runs of them) meet.</summary>
internal static class SurvivorWalk
{
    /// <summary>Calls <paramref name="visit"/> with each part of each piece and its unit, ascending.</summary>
    public static void Run(PendingCommand command, List<LivePiece> pieces, Action<LivePiece, long> visit)
    {
        foreach (LivePiece piece in pieces)
        {
            long start = piece.OffsetBytes;
            while (start < piece.EndBytes)
            {
                long unit = LossJudge.UnitOf(command, command.Layout.IndexOf(start));
                long end = Math.Min(piece.EndBytes, LossJudge.EndOfUnit(command, unit));
                nint data = piece.Data == 0 ? 0 : piece.Data + (nint)(start - piece.OffsetBytes);
                visit(new LivePiece(start, end - start, data), unit);
                start = end;
            }
        }
    }

    /// <summary>How many units have a live block.</summary>
    public static long CountUnits(PendingCommand command, List<LivePiece> pieces)
    {
        long count = 0;
        long previous = -1;
        Run(command, pieces, (_, unit) =>
        {
            count += unit == previous ? 0 : 1;
            previous = unit;
        });
        return count;
    }

    /// <summary>The unit with a live block at a position (0 = the first) among them.</summary>
    public static long UnitAt(PendingCommand command, List<LivePiece> pieces, long position)
    {
        long count = -1;
        long previous = -1;
        long found = long.MaxValue;
        Run(command, pieces, (_, unit) =>
        {
            count += unit == previous ? 0 : 1;
            previous = unit;
            if (count == position && found == long.MaxValue)
            {
                found = unit;
            }
        });
        return found;
    }
}
