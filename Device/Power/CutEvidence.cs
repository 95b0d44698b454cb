using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Power;

/// <summary>Reads bytes of a platter into the whole destination.</summary>
public delegate void PlatterReader(long offsetBytes, Span<byte> destination);

/// <summary>The first range at or after an offset that may hold something but zeroes, or null when only zeroes follow. It
/// may claim too much, never too little, and is block-aligned but for its start, which is never before the offset.</summary>
public delegate ByteRange? PlatterMap(long offsetBytes);

/// <summary>One pending command with its data, as a cut found it; what a bundle is made of.</summary>
/// <param name="Sequence">The step's number.</param>
/// <param name="Kind">Write, WriteZeroes or Trim.</param>
/// <param name="OffsetBytes">First byte.</param>
/// <param name="LengthBytes">Length.</param>
/// <param name="IsAcknowledged">Whether its completion had been decided.</param>
/// <param name="IsFua">Whether it asked for FUA.</param>
/// <param name="Atomicity">The promises it was accepted under.</param>
/// <param name="IsFlushCovered">A flush that was not acknowledged as good covers it: one in progress, or one that failed.</param>
/// <param name="Live">The ranges not superseded, ascending, disjoint, block-aligned.</param>
/// <param name="MustSurvive">The cut had to keep it, whatever the model says: a destage of it had failed half
/// way, or it was in the protected cache.</param>
/// <param name="Kept">Those of the live ranges that survived, all of them, ascending, disjoint.</param>
public sealed record EvidenceCommand(
    long Sequence, WriteKind Kind, long OffsetBytes, long LengthBytes, bool IsAcknowledged, bool IsFua,
    bool MustSurvive, bool IsFlushCovered, AtomicityParameters Atomicity, IReadOnlyList<ByteRange> Live, IReadOnlyList<ByteRange> Kept);

/// <summary>All that is needed to judge a cut again: kept from the cut until the power returns.</summary>
/// <remarks>Valid while the disk stays off with this cut; use it through <see cref="Disk.WithEvidence{T}"/>.</remarks>
public sealed class CutEvidence
{
    internal CutEvidence(
        CutReport report, IReadOnlyList<EvidenceCommand> commands, IReadOnlyList<long> flushBorders,
        (PlatterReader Read, PlatterMap Next) old, (PlatterReader Read, PlatterMap Next) current,
        Action<int, long, Memory<byte>> readPayload)
    {
        Report = report;
        Commands = commands;
        FlushBorders = flushBorders;
        (ReadOld, NextPopulatedOld) = old;
        (ReadNew, NextPopulatedNew) = current;
        _readPayload = readPayload;
    }

    private readonly Action<int, long, Memory<byte>> _readPayload;

    /// <summary>The latest report of this cut.</summary>
    public CutReport Report { get; }

    /// <summary>The promises in force at the cut.</summary>
    public AtomicityParameters Atomicity => Report.Atomicity;

    /// <summary>Every pending command, in sequence order.</summary>
    public IReadOnlyList<EvidenceCommand> Commands { get; }

    /// <summary>The newest step when a flush was accepted, for each flush accepted after the newest required step,
    /// ascending, each once.</summary>
    public IReadOnlyList<long> FlushBorders { get; }

    /// <summary>The platter as it was before the loss was judged: the required content.</summary>
    public PlatterReader ReadOld { get; }

    /// <summary>Where the old platter is populated.</summary>
    public PlatterMap NextPopulatedOld { get; }

    /// <summary>Where the platter is populated as the cut left it.</summary>
    public PlatterMap NextPopulatedNew { get; }

    /// <summary>The platter as the cut left it.</summary>
    public PlatterReader ReadNew { get; }

    /// <summary>Copies live payload of command <paramref name="index"/> (a Write) at a disk offset; the whole destination
    /// must lie in one live range.</summary>
    public void ReadPayload(int index, long offsetBytes, Memory<byte> destination) => _readPayload(index, offsetBytes, destination);
}
