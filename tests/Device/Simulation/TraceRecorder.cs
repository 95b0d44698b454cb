using BlockEmu.Device.Events;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>Writes a disk's event log into the oracle's words; a new log at every power on.</summary>
internal sealed class TraceRecorder(DiskOptions options) : IDiskEventSink
{
    public DiskTrace Trace { get; private set; } = NewTrace(options);

    /// <summary>The same as clients would know it.</summary>
    public OutsideView Outside { get; private set; } = NewView(options);

    /// <summary>The order of everything, for replays: kind and sequence number (or flush).</summary>
    public List<(char Kind, long Number)> Log { get; } = [];

    public static AtomicityPromise PromiseOf(DiskOptions options)
    {
        AtomicityParameters p = options.EffectiveAtomicity;
        return new AtomicityPromise(options.BlockSizeBytes, p.AwupfBytes, p.NabspfBytes, p.NaboBytes, p.Mam);
    }

    public void OnStep(long sequence, WriteKind kind, ByteRange range, bool isFua, ReadOnlySpan<byte> payload)
    {
        Log.Add(('s', sequence));
        Trace.Step(sequence, (StepKind)kind, range.OffsetBytes, range.LengthBytes, isFua, payload.ToArray());
        Outside.OnStep(sequence, kind, range, isFua, payload);
    }

    public void OnAcknowledge(long sequence)
    {
        Log.Add(('a', sequence));
        Trace.Acknowledge(sequence);
        Outside.OnAcknowledge(sequence);
    }

    public void OnDestage(long sequence)
    {
        Log.Add(('d', sequence));
        Trace.Destage(sequence);
    }

    public void OnFlushAccepted(long flush)
    {
        Trace.FlushAccepted(flush);
        Outside.OnFlushAccepted(flush);
    }

    public void OnFlushAcknowledged(long flush)
    {
        Trace.FlushAcknowledged(flush);
        Outside.OnFlushAcknowledged(flush);
    }

    public void OnMark(DiskMark mark) => Trace.Mark(mark.Text);

    public void OnCut(CutReport report)
    {
        if (!Trace.IsCut)
        {
            Trace.Cut();
            Outside.OnCut(report);
        }
    }

    public void OnPowerOn()
    {
        Trace = NewTrace(options);
        Outside = NewView(options);
        Log.Clear();
    }

    private static DiskTrace NewTrace(DiskOptions options) => new(GeometryOf(options));

    private static OutsideView NewView(DiskOptions options) => new(GeometryOf(options), options.EffectiveAtomicity);

    private static TraceGeometry GeometryOf(DiskOptions options) =>
        new(options.SizeBytes, PromiseOf(options), options.CacheBytes != 0);
}
