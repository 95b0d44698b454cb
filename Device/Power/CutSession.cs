using BlockEmu.Device.Atoms;
using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;

namespace BlockEmu.Device.Power;

/// <summary>A power cut from its instant until the power returns: what was pending, and the judgement in force.</summary>
/// <remarks>The cache is frozen for as long as the session lives; its owner holds the power moves and the disk's lock.</remarks>
internal sealed class CutSession(DiskCore core, int cutNumber, IReadOnlyList<DiskMark> marks) : IDisposable
{
    private readonly CutCommands _commands = new(core);
    private readonly long _pendingBytes = core.Cache.LiveBytes;
    private readonly AtomicityParameters _atomicity = core.Atomicity; // at the cut: it may change before a recut
    private IPlatterUndo? _undo;
    private PlatterStamp? _stamp; // null = it was never judged

    /// <summary>The judgement in force; null while there is none, because the medium failed.</summary>
    public CutReport? Report { get; private set; }

    /// <summary>Why there is no judgement in force.</summary>
    public string? Failure { get; private set; }

    /// <summary>The cut's number since start.</summary>
    public int CutNumber => cutNumber;

    /// <summary>Whether there was a judgement before, so that a further one is a recut.</summary>
    public bool WasJudged { get; private set; }

    /// <summary>Whether somebody else has written or replaced the platter since the last judgement: it is not this cut's any more.</summary>
    public bool IsOverwritten => _stamp is { } stamp && core.Medium.Stamp() != stamp;

    /// <summary>Judges the cut (again): the platter is what it was, plus what survives. Throws
    /// <see cref="CutNotJudgedException"/> when the medium fails: then no judgement is in force.</summary>
    public CutReport Judge(int reportNumber, ulong seed, LossModel loss)
    {
        Report = null;
        try
        {
            Report = Carry(reportNumber, seed, loss);
            (WasJudged, Failure) = (true, null);
            _stamp = core.Medium.Stamp();
            return Report;
        }
        catch (Exception e) when (e is DeviceIoException or OutOfMemoryException)
        {
            Failure = e.Message;
            if (e is not DeviceIoException { IsMediumLost: true })
            {
                _stamp = core.Medium.Stamp(); // what was tried and taken back was ours
            }

            throw new CutNotJudgedException(e.Message, e);
        }
    }

    private CutReport Carry(int reportNumber, ulong seed, LossModel loss)
    {
        _undo?.Restore();
        _undo = null;
        LossJudge judge = new(seed, loss, _commands);
        PlatterDelta delta = new(core.Geometry, core.Arena);
        List<PendingEntry> entries = new(_commands.All.Count);
        long kept = 0;
        long lost = 0;
        for (int i = _commands.All.Count - 1; i >= 0; i--)
        {
            EntryBuilder entry = new(_commands.All[i], _atomicity);
            AtomReach reach = _commands.All[i].Reach;
            Visit(_commands.All[i], judge, (part, survives) =>
            {
                entry.Add(part, survives);
                if (survives)
                {
                    delta.Cover(part, reach);
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

        return new CutReport
        {
            Number = reportNumber,
            CutNumber = cutNumber,
            IsRecut = WasJudged,
            Seed = seed,
            Loss = loss,
            Atomicity = _atomicity,
            BlockSizeBytes = core.Geometry.BlockSizeBytes,
            SizeBytes = core.Geometry.SizeBytes,
            NewestSequence = core.Sequence,
            NewestRequiredSequence = _commands.NewestRequired,
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
    }

    /// <summary>What a bundle is made of.</summary>
    public CutEvidence Evidence()
    {
        LossJudge judge = new(Report!.Seed, Report.Loss, _commands);
        List<EvidenceCommand> commands = new(_commands.All.Count);
        foreach (PendingCommand command in _commands.All)
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
                command.IsFua, _commands.MustSurvive(command), _commands.IsFlushCovered(command), command.Atomicity, live, kept));
        }

        (PlatterReader, PlatterMap) current = (core.Medium.Read, core.Medium.NextPopulated);
        return new CutEvidence(
            Report, commands, _commands.FlushBorders, _undo is null ? current : (_undo.ReadOld, _undo.NextPopulatedOld), current, ReadPayload);
    }

    public void Dispose() => _undo?.Dispose();

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

    private void Visit(PendingCommand command, LossJudge judge, Action<LivePiece, bool> visit) =>
        _commands.Visit(command, (part, unit) => visit(part, judge.Survives(command, unit)));

    private unsafe void ReadPayload(int index, long offsetBytes, Memory<byte> destination)
    {
        Span<byte> rest = destination.Span;
        foreach (LivePiece piece in _commands.PiecesOf(_commands.All[index]))
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
