using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;

namespace BlockEmu.Oracle.Traces;

/// <summary>One write-class command that became visible, and what became of it up to the cut.</summary>
public sealed class TraceStep
{
    internal TraceStep(
        long sequence, StepKind kind, Extent range, bool isFua, ReadOnlyMemory<byte> payload, AtomicityPromise promise)
    {
        Sequence = sequence;
        Kind = kind;
        Range = range;
        IsFua = isFua;
        Payload = payload;
        Promise = promise;
    }

    /// <summary>Its place in the total order.</summary>
    public long Sequence { get; }

    /// <summary>Write, WriteZeroes or Trim.</summary>
    public StepKind Kind { get; }

    /// <summary>The whole command.</summary>
    public Extent Range { get; }

    /// <summary>Whether it asked for FUA.</summary>
    public bool IsFua { get; }

    /// <summary>The data of a Write; empty otherwise.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>What it was promised.</summary>
    public AtomicityPromise Promise { get; }

    /// <summary>Whether its completion was decided before the cut.</summary>
    public bool IsAcknowledged => AcknowledgedAt >= 0;

    /// <summary>Whether the log says that it became persistent.</summary>
    public bool IsDestaged { get; internal set; }

    /// <summary>How many steps had been acknowledged before it; -1 = it never was.</summary>
    internal int AcknowledgedAt { get; set; } = -1;
}
