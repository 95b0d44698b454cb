using BlockEmu.Device.Events;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>Writes a disk's event log into the oracle's words; a new log at every power on.</summary>
/// <param name="options">The disk's.</param>
/// <param name="newView">Makes somebody else who hears the same, for each power on.</param>
/// <param name="store">Where payloads are kept, cleared at power on; null = each in an array of its own.</param>
internal sealed class TraceRecorder(DiskOptions options, Func<IDiskEventSink>? newView = null, PayloadStore? store = null) : IDiskEventSink
{
    public DiskTrace Trace { get; private set; } = NewTrace(options);

    /// <summary>Who hears the same.</summary>
    public IDiskEventSink? Outside { get; private set; } = newView?.Invoke();

    /// <summary>The order of everything, for replays: kind and sequence number (or flush).</summary>
    public List<(char Kind, long Number)> Log { get; } = [];

    public static TraceGeometry GeometryOf(DiskOptions options) =>
        new(options.SizeBytes, PromiseOf(options), options.CacheBytes != 0);

    public static AtomicityPromise PromiseOf(DiskOptions options) => PromiseOf(options.BlockSizeBytes, options.EffectiveAtomicity);

    public void OnStep(
        long sequence, WriteKind kind, ByteRange range, bool isFua, AtomicityParameters atomicity, ReadOnlySpan<byte> payload)
    {
        Log.Add(('s', sequence));
        Trace.Step(
            sequence, (StepKind)kind, range.OffsetBytes, range.LengthBytes, isFua, store?.Keep(payload) ?? payload.ToArray(),
            PromiseOf(options.BlockSizeBytes, atomicity));
        Outside?.OnStep(sequence, kind, range, isFua, atomicity, payload);
    }

    public void OnAcknowledge(long sequence)
    {
        Log.Add(('a', sequence));
        Trace.Acknowledge(sequence);
        Outside?.OnAcknowledge(sequence);
    }

    public void OnDestage(long sequence)
    {
        Log.Add(('d', sequence));
        Trace.Destage(sequence);
    }

    public void OnFlushAccepted(long flush)
    {
        Trace.FlushAccepted(flush);
        Outside?.OnFlushAccepted(flush);
    }

    public void OnFlushAcknowledged(long flush)
    {
        Trace.FlushAcknowledged(flush);
        Outside?.OnFlushAcknowledged(flush);
    }

    public void OnMark(DiskMark mark) => Trace.Mark(mark.Text);

    public void OnCut(CutReport report)
    {
        if (!Trace.IsCut)
        {
            Trace.Cut();
            Outside?.OnCut(report);
        }
    }

    public void OnPowerOn()
    {
        store?.Clear();
        Trace = NewTrace(options);
        Outside = newView?.Invoke();
        Log.Clear();
    }

    private static AtomicityPromise PromiseOf(int blockSizeBytes, AtomicityParameters p) =>
        new(blockSizeBytes, p.EffectiveAwupfBytes, p.NabspfBytes, p.NaboBytes, p.Mam);

    private static DiskTrace NewTrace(DiskOptions options) => new(GeometryOf(options));
}
