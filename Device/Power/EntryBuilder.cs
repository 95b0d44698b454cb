using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Power;

/// <summary>Writes one pending command's line of the report.</summary>
/// <param name="command">The command.</param>
/// <param name="reported">The promises that the report as a whole shows.</param>
internal sealed class EntryBuilder(PendingCommand command, AtomicityParameters reported)
{
    private readonly List<ByteRange> _kept = [];
    private readonly List<ByteRange> _lost = [];
    private readonly List<ByteRange> _superseded = [];
    private long _nextBytes = command.OffsetBytes;
    private long _lastAtom = -1;
    private int _omitted;

    public long AtomsKept { get; private set; }

    public long AtomsLost { get; private set; }

    /// <summary>A live part of the command and its fate, ascending.</summary>
    public void Add(LivePiece part, bool survives)
    {
        if (part.OffsetBytes > _nextBytes)
        {
            AddRange(_superseded, _nextBytes, part.OffsetBytes);
        }

        _nextBytes = part.EndBytes;
        AddRange(survives ? _kept : _lost, part.OffsetBytes, part.EndBytes);
        long first = Math.Max(command.Layout.IndexOf(part.OffsetBytes), _lastAtom + 1);
        _lastAtom = command.Layout.IndexOf(part.EndBytes - 1);
        if (survives)
        {
            AtomsKept += _lastAtom - first + 1;
        }
        else
        {
            AtomsLost += _lastAtom - first + 1;
        }
    }

    public PendingEntry Build()
    {
        long endBytes = command.OffsetBytes + command.LengthBytes;
        if (_nextBytes < endBytes)
        {
            AddRange(_superseded, _nextBytes, endBytes);
        }

        return new PendingEntry
        {
            Sequence = command.Sequence,
            Kind = command.Kind,
            OffsetBytes = command.OffsetBytes,
            LengthBytes = command.LengthBytes,
            IsAcknowledged = command.IsAcknowledged,
            IsFua = command.IsFua,
            AtomCount = command.AtomCount,
            Atomicity = command.Atomicity == reported ? null : command.Atomicity,
            Outcome = (_kept.Count, _lost.Count) switch
            {
                (0, 0) => PendingOutcome.Superseded,
                (_, 0) => PendingOutcome.Kept,
                (0, _) => PendingOutcome.Lost,
                _ => PendingOutcome.Torn,
            },
            Kept = Trim(_kept),
            Lost = Trim(_lost),
            Superseded = Trim(_superseded),
            RangesOmitted = _omitted,
        };
    }

    private static void AddRange(List<ByteRange> ranges, long startBytes, long endBytes)
    {
        if (ranges.Count > 0 && ranges[^1].EndBytes == startBytes)
        {
            ranges[^1] = new ByteRange(ranges[^1].OffsetBytes, endBytes - ranges[^1].OffsetBytes);
        }
        else
        {
            ranges.Add(new ByteRange(startBytes, endBytes - startBytes));
        }
    }

    private ByteRange[] Trim(List<ByteRange> ranges)
    {
        _omitted += Math.Max(0, ranges.Count - PendingEntry.MaxRanges);
        return ranges.Count == 0 ? [] : [.. ranges.Take(PendingEntry.MaxRanges)];
    }
}
