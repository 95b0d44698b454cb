using BlockEmu.Device.Cache;
using BlockEmu.Device.Media;

namespace BlockEmu.Device.Power;

/// <summary>A power cut from its instant until the power returns: what was pending, and the judgement in force.</summary>
/// <remarks>The cache is frozen for as long as the session lives; its owner holds the power moves and the disk's lock.</remarks>
internal sealed class CutSession(DiskCore core, int cutNumber, IReadOnlyList<DiskMark> marks) : IDisposable
{
    private readonly List<PendingCommand> _commands = InOrder(core.Cache);
    private readonly List<LivePiece> _pieces = [];
    private readonly long _pendingBytes = core.Cache.LiveBytes;
    private IPlatterUndo? _undo;

    /// <summary>What a half-failed destage may have touched is as good as required: a prefix ends no earlier.</summary>
    private readonly long _newestRequired = core.Cache.Pending.NewestMustSurvive(core.NewestRequired);

    /// <summary>The judgement in force.</summary>
    public CutReport? Report { get; private set; }

    /// <summary>Judges the cut (again): the platter is what it was, plus what survives. Throws
    /// <see cref="DeviceIoException"/> when the medium fails; then the platter may hold part of the survivors.</summary>
    public CutReport Judge(int reportNumber, ulong seed, LossModel loss)
    {
        _undo?.Restore();
        _undo = null;
        LossJudge judge = new(seed, loss);
        if (loss.Kind == LossModelKind.Fifo)
        {
            SetFifoBorder(judge);
        }

        PlatterDelta delta = new(core.Geometry, core.Arena);
        List<PendingEntry> entries = new(_commands.Count);
        long kept = 0;
        long lost = 0;
        for (int i = _commands.Count - 1; i >= 0; i--)
        {
            EntryBuilder entry = new(_commands[i]);
            Visit(_commands[i], judge, (part, survives) =>
            {
                entry.Add(part, survives);
                if (survives)
                {
                    delta.Cover(part);
                }
            });
            entries.Add(entry.Build());
            kept += entry.AtomsKept;
            lost += entry.AtomsLost;
        }

        entries.Reverse();
        try
        {
            _undo = core.Medium.Apply(delta, keepUndo: true);
        }
        finally
        {
            delta.Free();
        }

        Report = new CutReport
        {
            Number = reportNumber,
            CutNumber = cutNumber,
            IsRecut = Report is not null,
            Seed = seed,
            Loss = loss,
            Atomicity = core.Atomicity,
            BlockSizeBytes = core.Geometry.BlockSizeBytes,
            SizeBytes = core.Geometry.SizeBytes,
            NewestSequence = core.Sequence,
            NewestRequiredSequence = _newestRequired,
            PendingBytes = _pendingBytes,
            CommandsKept = entries.Count(e => e.Outcome == PendingOutcome.Kept),
            CommandsLost = entries.Count(e => e.Outcome == PendingOutcome.Lost),
            CommandsTorn = entries.Count(e => e.Outcome == PendingOutcome.Torn),
            CommandsSuperseded = entries.Count(e => e.Outcome == PendingOutcome.Superseded),
            AtomsKept = kept,
            AtomsLost = lost,
            Marks = marks,
            Pending = entries,
        };
        return Report;
    }

    /// <summary>What a bundle is made of.</summary>
    public CutEvidence Evidence()
    {
        LossJudge judge = new(Report!.Seed, Report.Loss);
        if (Report.Loss.Kind == LossModelKind.Fifo)
        {
            SetFifoBorder(judge);
        }

        List<EvidenceCommand> commands = new(_commands.Count);
        foreach (PendingCommand command in _commands)
        {
            List<ByteRange> live = [];
            List<ByteRange> kept = [];
            Visit(command, judge, (part, survives) =>
            {
                Merge(live, part);
                if (survives)
                {
                    Merge(kept, part);
                }
            });
            commands.Add(new EvidenceCommand(
                command.Sequence, command.Kind, command.OffsetBytes, command.LengthBytes, command.IsAcknowledged,
                command.IsFua, command.MustSurvive, live, kept));
        }

        (PlatterReader, PlatterMap) current = (core.Medium.Read, core.Medium.NextPopulated);
        return new CutEvidence(
            Report, commands, _undo is null ? current : (_undo.ReadOld, _undo.NextPopulatedOld), current, ReadPayload);
    }

    public void Dispose() => _undo?.Dispose();

    private static List<PendingCommand> InOrder(WriteCache cache)
    {
        List<PendingCommand> commands = new(cache.Pending.Count + cache.Dead.Count);
        for (PendingCommand? c = cache.Pending.Oldest; c is not null; c = c.Newer)
        {
            commands.Add(c);
        }

        for (PendingCommand? c = cache.Dead.Oldest; c is not null; c = c.Newer)
        {
            commands.Add(c);
        }

        commands.Sort((a, b) => a.Sequence.CompareTo(b.Sequence));
        return commands;
    }

    private static void Merge(List<ByteRange> ranges, LivePiece part)
    {
        if (ranges.Count > 0 && ranges[^1].EndBytes == part.OffsetBytes)
        {
            ranges[^1] = new ByteRange(ranges[^1].OffsetBytes, part.EndBytes - ranges[^1].OffsetBytes);
        }
        else
        {
            ranges.Add(new ByteRange(part.OffsetBytes, part.LengthBytes));
        }
    }

    private void Visit(PendingCommand command, LossJudge judge, Action<LivePiece, bool> visit)
    {
        LivePieces.Collect(command, core.Cache, core.Geometry, _pieces);
        SurvivorWalk.Run(command, _pieces, (part, unit) => visit(part, judge.Survives(command, unit)));
    }

    private void SetFifoBorder(LossJudge judge)
    {
        List<PendingCommand> drawn = _commands.FindAll(c => c.Sequence > _newestRequired);
        long units = drawn.Sum(CountUnits);
        long position = judge.DrawFifo(units);
        foreach (PendingCommand command in drawn)
        {
            long count = CountUnits(command);
            if (position < count)
            {
                judge.SetFifoBorder(command.Sequence, SurvivorWalk.UnitAt(command, _pieces, position));
                return;
            }

            position -= count;
        }
    }

    /// <remarks>Leaves the command's pieces in <see cref="_pieces"/>.</remarks>
    private long CountUnits(PendingCommand command)
    {
        LivePieces.Collect(command, core.Cache, core.Geometry, _pieces);
        return SurvivorWalk.CountUnits(command, _pieces);
    }

    private unsafe void ReadPayload(int index, long offsetBytes, Memory<byte> destination)
    {
        LivePieces.Collect(_commands[index], core.Cache, core.Geometry, _pieces);
        Span<byte> rest = destination.Span;
        foreach (LivePiece piece in _pieces)
        {
            if (rest.IsEmpty || piece.EndBytes <= offsetBytes)
            {
                continue;
            }

            int skip = (int)(offsetBytes - piece.OffsetBytes);
            int bytes = (int)Math.Min(piece.LengthBytes - skip, rest.Length);
            new ReadOnlySpan<byte>((byte*)piece.Data + skip, bytes).CopyTo(rest);
            rest = rest[bytes..];
            offsetBytes += bytes;
        }
    }
}
