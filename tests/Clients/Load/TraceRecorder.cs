using BlockEmu.Device;
using BlockEmu.Device.Events;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>Writes a disk's event log into the oracle's words; a new log at every power on.</summary>
internal sealed class TraceRecorder(DiskOptions options) : IDiskEventSink
{
    public DiskTrace Trace { get; private set; } = NewTrace(options);

    public static AtomicityPromise PromiseOf(DiskOptions options) => PromiseOf(options.BlockSizeBytes, options.EffectiveAtomicity);

    public void OnStep(
        long sequence, WriteKind kind, ByteRange range, bool isFua, AtomicityParameters atomicity, ReadOnlySpan<byte> payload) =>
        Trace.Step(
            sequence, (StepKind)kind, range.OffsetBytes, range.LengthBytes, isFua, payload.ToArray(),
            PromiseOf(options.BlockSizeBytes, atomicity));

    public void OnAcknowledge(long sequence) => Trace.Acknowledge(sequence);

    public void OnDestage(long sequence) => Trace.Destage(sequence);

    public void OnFlushAccepted(long flush) => Trace.FlushAccepted(flush);

    public void OnFlushAcknowledged(long flush) => Trace.FlushAcknowledged(flush);

    public void OnMark(DiskMark mark) => Trace.Mark(mark.Text);

    public void OnCut(CutReport report)
    {
        if (!Trace.IsCut)
        {
            Trace.Cut();
        }
    }

    public void OnPowerOn() => Trace = NewTrace(options);

    private static AtomicityPromise PromiseOf(int blockSizeBytes, AtomicityParameters p) =>
        new(blockSizeBytes, p.EffectiveAwupfBytes, p.NabspfBytes, p.NaboBytes, p.Mam);

    private static DiskTrace NewTrace(DiskOptions options) =>
        new(new TraceGeometry(options.SizeBytes, PromiseOf(options), options.CacheBytes != 0));
}
