using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;

namespace BlockEmu.Oracle.Traces;

/// <summary>The event log of one disk from power on to the cut, in its order. The calls mirror the disk's events one to
/// one. Not safe for several threads at once.</summary>
/// <remarks>A log that cannot be (an acknowledgement of a step that never was, a second cut) is an
/// <see cref="ArgumentException"/>: a fault of whoever recorded it, not of the platter.</remarks>
public sealed class DiskTrace
{
    private readonly List<TraceStep> _steps = [];
    private readonly Dictionary<long, TraceStep> _bySequence = [];
    private readonly Dictionary<long, int> _openFlushes = [];
    private readonly List<(int CoveredCount, long Flush)> _flushes = [];
    private readonly List<long> _flushBorders = [];
    private int _acknowledgedCount;
    private int _newestFlushCovers;

    /// <summary>An empty log.</summary>
    public DiskTrace(TraceGeometry geometry)
    {
        if (geometry.Fault() is { } fault)
        {
            throw new ArgumentException(fault, nameof(geometry));
        }

        Geometry = geometry;
    }

    /// <summary>The disk.</summary>
    public TraceGeometry Geometry { get; }

    /// <summary>Every step, ascending.</summary>
    public IReadOnlyList<TraceStep> Steps => _steps;

    /// <summary>The newest step when a flush was accepted, ascending, each once.</summary>
    internal IReadOnlyList<long> FlushBorders => _flushBorders;

    /// <summary>Whether the log has ended.</summary>
    public bool IsCut { get; private set; }

    /// <summary>A write-class command became visible.</summary>
    /// <param name="sequence">Above all before it.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="lengthBytes">Length.</param>
    /// <param name="isFua">Whether it asked for FUA.</param>
    /// <param name="payload">Kept, not copied; empty for zeroes and trims.</param>
    /// <param name="promise">What it was promised when it was accepted; null = what the geometry says.</param>
    public void Step(
        long sequence, StepKind kind, long offsetBytes, long lengthBytes, bool isFua, ReadOnlyMemory<byte> payload,
        AtomicityPromise? promise = null)
    {
        int block = Geometry.Promise.BlockSizeBytes;
        string? fault = IsCut ? "a step after the cut"
            : _steps.Count > 0 && sequence <= _steps[^1].Sequence ? $"step {sequence} is not above the one before it"
            : offsetBytes < 0 || lengthBytes <= 0 || offsetBytes % block != 0 || lengthBytes % block != 0
                || lengthBytes > Geometry.SizeBytes || offsetBytes > Geometry.SizeBytes - lengthBytes
                ? $"step {sequence}: {offsetBytes}+{lengthBytes} is not block-aligned inside the disk"
            : payload.Length != (kind == StepKind.Write ? lengthBytes : 0)
                ? $"step {sequence}: a payload of {payload.Length} bytes for a {kind} of {lengthBytes}"
            : promise is not null && (promise.Fault() is not null || promise.BlockSizeBytes != block)
                ? $"step {sequence}: {promise.Fault() ?? "its promise is for another block size"}"
            : null;
        if (fault is not null)
        {
            throw new ArgumentException(fault);
        }

        TraceStep step = new(sequence, kind, new Extent(offsetBytes, lengthBytes), isFua, payload, promise ?? Geometry.Promise);
        _steps.Add(step);
        _bySequence.Add(sequence, step);
    }

    /// <summary>The completion of a step was decided.</summary>
    public void Acknowledge(long sequence)
    {
        TraceStep step = Find(sequence);
        if (step.IsAcknowledged)
        {
            throw new ArgumentException($"step {sequence} is acknowledged twice");
        }

        step.AcknowledgedAt = _acknowledgedCount++;
    }

    /// <summary>The step's live atoms became persistent.</summary>
    public void Destage(long sequence) => Find(sequence).IsDestaged = true;

    /// <summary>A flush was accepted: it covers what was acknowledged up to now, and nothing later.</summary>
    public void FlushAccepted(long flush)
    {
        Judge(!IsCut, "a flush after the cut");
        Judge(_openFlushes.TryAdd(flush, _acknowledgedCount), $"flush {flush} is accepted twice");
        _newestFlushCovers = _acknowledgedCount;
        long border = _steps.Count == 0 ? 0 : _steps[^1].Sequence;
        if (_flushBorders.Count == 0 || _flushBorders[^1] < border)
        {
            _flushBorders.Add(border);
        }
    }

    /// <summary>A flush was acknowledged as good: what it covers is required.</summary>
    public void FlushAcknowledged(long flush)
    {
        Judge(!IsCut, "a flush acknowledged after the cut");
        Judge(_openFlushes.Remove(flush, out int covered), $"flush {flush} is acknowledged but not in progress");
        if (_flushes.Count == 0 || covered > _flushes[^1].CoveredCount)
        {
            _flushes.Add((covered, flush));
        }
    }

    /// <summary>A mark: says nothing about legality.</summary>
    public void Mark(string text) => Judge(!IsCut, $"mark '{text}' after the cut");

    /// <summary>The power was cut: the log ends.</summary>
    public void Cut()
    {
        Judge(!IsCut, "a second cut");
        IsCut = true;
    }

    /// <summary>Why a step must have survived, in words; <see langword="null"/> when it need not.</summary>
    public string? WhyRequired(TraceStep step)
    {
        if (step.IsAcknowledged)
        {
            if (step.IsFua)
            {
                return "FUA, acknowledged";
            }

            if (!Geometry.HasCache)
            {
                return "acknowledged with the cache off";
            }

            foreach ((int covered, long flush) in _flushes)
            {
                if (step.AcknowledgedAt < covered)
                {
                    return $"covered by flush {flush}";
                }
            }
        }

        return step.IsDestaged ? "destaged" : null;
    }

    /// <summary>The same, without words.</summary>
    internal bool IsRequired(TraceStep step) =>
        step.IsDestaged
        || (step.IsAcknowledged
            && (step.IsFua || !Geometry.HasCache
                || (_flushes.Count > 0 && step.AcknowledgedAt < _flushes[^1].CoveredCount)));

    /// <summary>Whether the newest flush accepted covers a step. One that is pending all the same waits for a flush that was
    /// not acknowledged.</summary>
    internal bool IsFlushCovered(TraceStep step) => step.IsAcknowledged && step.AcknowledgedAt < _newestFlushCovers;

    private TraceStep Find(long sequence)
    {
        return IsCut ? throw new ArgumentException($"step {sequence} changes after the cut")
            : _bySequence.TryGetValue(sequence, out TraceStep? step) ? step
            : throw new ArgumentException($"there is no step {sequence}", nameof(sequence));
    }

    private static void Judge(bool holds, string fault)
    {
        if (!holds)
        {
            throw new ArgumentException(fault);
        }
    }
}
