using BlockEmu.Device.Events;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Randomness;
using BlockEmu.Oracle;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Outside;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>What clients would know of a run: requests and replies, no order of steps, no destaging. Compares the oracle from
/// outside with the one that sees the event log.</summary>
internal sealed class OutsideView : IDiskEventSink
{
    private readonly Dictionary<long, int> _operations = [];
    private readonly Dictionary<long, int> _flushes = [];
    private readonly DiskTrace _trace;
    private readonly ClientLog _log;
    private readonly AtomicityParameters _atomicity;
    private bool _isOneAfterAnother = true;
    private bool _hasChanged;
    private bool _isCut;

    public OutsideView(TraceGeometry geometry, AtomicityParameters atomicity)
    {
        _trace = new DiskTrace(geometry);
        _atomicity = atomicity;
        _log = new ClientLog(geometry, atomicity.NabsnBytes == 0 && !atomicity.Dn ? atomicity.EffectiveAwunBytes : 0);
    }

    public void OnStep(
        long sequence, WriteKind kind, ByteRange range, bool isFua, AtomicityParameters atomicity, ReadOnlySpan<byte> payload)
    {
        _hasChanged |= atomicity != _atomicity;
        byte[] data = payload.ToArray();
        _isOneAfterAnother &= _operations.Count == 0;
        _operations.Add(sequence, _log.Send("", (StepKind)kind, range.OffsetBytes, range.LengthBytes, isFua, data));
        _trace.Step(sequence, (StepKind)kind, range.OffsetBytes, range.LengthBytes, isFua, data);
    }

    public void OnAcknowledge(long sequence)
    {
        _operations.Remove(sequence, out int operation);
        _log.Answer(operation);
        _trace.Acknowledge(sequence);
    }

    public void OnDestage(long sequence)
    {
    }

    public void OnFlushAccepted(long flush)
    {
        _flushes.Add(flush, _log.SendFlush(""));
        _trace.FlushAccepted(flush);
    }

    public void OnFlushAcknowledged(long flush)
    {
        _flushes.Remove(flush, out int operation);
        _log.Answer(operation);
        _trace.FlushAcknowledged(flush);
    }

    public void OnMark(DiskMark mark)
    {
    }

    public void OnCut(CutReport report)
    {
        if (!_isCut)
        {
            _isCut = true;
            _log.Cut();
            _trace.Cut();
        }
    }

    public void OnPowerOn()
    {
    }

    /// <summary>A legal platter is legal from outside; a damaged one that clients can call illegal is illegal; and where requests
    /// came one after another, so that clients know the order, both say the same.</summary>
    public void Compare(MemoryImage first, MemoryImage platter, ref SplitMix64 chance, string story)
    {
        if (_hasChanged)
        {
            return; // a client log has one promise for all that it holds
        }

        Verdict verdict = OutsideOracle.Judge(_log, first, platter);
        Assert.True(verdict.IsLegal, $"{story}: from outside: {verdict}");
        int block = _trace.Geometry.Promise.BlockSizeBytes;
        for (int i = 0; i < 3; i++)
        {
            byte[] damaged = [.. platter.Bytes];
            long at = (long)chance.NextBelow((ulong)(damaged.Length / block)) * block;
            DrawContent(first, at, block, ref chance).CopyTo(damaged.AsSpan((int)at));
            MemoryImage image = new(damaged);
            Verdict inside = LegalityOracle.Judge(_trace, first, image);
            Verdict outside = OutsideOracle.Judge(_log, first, image);
            Assert.NotEqual(VerdictKind.Undecided, outside.Kind);
            Assert.True(
                outside.IsLegal == inside.IsLegal || (outside.IsLegal && !_isOneAfterAnother),
                $"{story}: block {at} damaged: from inside {inside}, from outside {outside}");
        }
    }

    /// <summary>What a bug would leave in a block: the first content, or what some write once put there.</summary>
    private byte[] DrawContent(MemoryImage first, long at, int block, ref SplitMix64 chance)
    {
        TraceStep[] writes =
            [.. _trace.Steps.Where(s => s.Kind == StepKind.Write && s.Range.OffsetBytes <= at && at < s.Range.EndBytes)];
        if (writes.Length == 0 || chance.NextCoin(0.3))
        {
            return first.Bytes.AsSpan((int)at, block).ToArray();
        }

        TraceStep write = writes[chance.NextBelow((ulong)writes.Length)];
        return write.Payload.Slice((int)(at - write.Range.OffsetBytes), block).ToArray();
    }
}
