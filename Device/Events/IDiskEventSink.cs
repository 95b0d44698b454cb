using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;

namespace BlockEmu.Device.Events;

/// <summary>Receives the event log (SEMANTICS 1) in its order. Called under the disk's lock: it must be quick, must not
/// call the disk, and must copy what it keeps.</summary>
public interface IDiskEventSink
{
    /// <summary>A write-class command became visible as one step. Empty payload for zeroes and trims; the promises are those
    /// that the command was accepted under.</summary>
    void OnStep(
        long sequence, WriteKind kind, ByteRange range, bool isFua, AtomicityParameters atomicity, ReadOnlySpan<byte> payload);

    /// <summary>The completion of a step was decided.</summary>
    void OnAcknowledge(long sequence);

    /// <summary>The step's live atoms became persistent.</summary>
    void OnDestage(long sequence);

    /// <summary>A flush was accepted; <paramref name="flush"/> numbers flushes.</summary>
    void OnFlushAccepted(long flush);

    /// <summary>A flush was acknowledged as good.</summary>
    void OnFlushAcknowledged(long flush);

    /// <summary>A mark.</summary>
    void OnMark(DiskMark mark);

    /// <summary>The power was cut (or the same cut judged again): the event log ends here until power on.</summary>
    void OnCut(CutReport report);

    /// <summary>The power returned.</summary>
    void OnPowerOn();
}
