#pragma warning disable
using BlockEmu.Device.Events;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;

namespace BlockEmu.Device;

/// <summary>One virtual disk: the contract of SEMANTICS, without any protocol. Safe for any number of threads.</summary>
public sealed class Disk : IDisposable
{
    /// <summary>How many marks a report carries at most; older ones are forgotten.</summary>
    public const int MaxMarks = 1024;

    /// <summary>The longest mark, in characters.</summary>
    public const int MaxMarkChars = 1024;

    /// <summary>Opens the disk, powered on. Throws <see cref="ArgumentException"/> (its message names the option) when
    /// the options do not hold, and <see cref="DeviceIoException"/> when the image cannot be used.</summary>
    public Disk(DiskOptions options, IDiskEventSink? events = null) => throw new NotImplementedException();

    public DiskOptions Options => throw new NotImplementedException();

    public string Name => Options.Name;

    public long SizeBytes => throw new NotImplementedException();

    public PowerState PowerState => throw new NotImplementedException();

    /// <summary>Counts power-ons. A session (connection) takes it when it opens the disk and gives it with every
    /// command; a command of an older epoch ends with <see cref="DiskStatus.PowerLost"/>.</summary>
    public long PowerEpoch => throw new NotImplementedException();

    /// <summary>Raised after the state has changed, outside any lock, on the thread that made the move.</summary>
    public event Action<Disk, PowerState>? PowerChanged;

    // ---- commands; block until done; offset and length are bytes of any alignment ----

    public DiskStatus Read(long epoch, long offsetBytes, Span<byte> destination) => throw new NotImplementedException();

    public DiskStatus Write(long epoch, long offsetBytes, ReadOnlySpan<byte> payload, bool fua) => throw new NotImplementedException();

    /// <param name="mayPunchHole">False (NBD_CMD_FLAG_NO_HOLE): the range stays provisioned on a file medium.</param>
    public DiskStatus WriteZeroes(long epoch, long offsetBytes, long lengthBytes, bool fua, bool mayPunchHole) => throw new NotImplementedException();

    /// <summary>Rounds inwards to whole blocks; a range without a whole block does nothing.</summary>
    public DiskStatus Trim(long epoch, long offsetBytes, long lengthBytes, bool fua) => throw new NotImplementedException();

    public DiskStatus Flush(long epoch) => throw new NotImplementedException();

    // ---- power; serialised among themselves; PowerMoveException where the move makes no sense ----

    /// <param name="seed">The cut's own seed; null = hash(disk seed, cut number).</param>
    /// <param name="loss">The loss model; null = the disk's.</param>
    public CutReport Cut(ulong? seed = null, LossModel? loss = null) => throw new NotImplementedException();

    public CutReport Recut(ulong? seed = null, LossModel? loss = null) => throw new NotImplementedException();

    public void PowerOn() => throw new NotImplementedException();

    /// <summary>Flush, then off. When the flush fails the disk stays on and the status says why.</summary>
    public DiskStatus Shutdown() => throw new NotImplementedException();

    public DiskMark Mark(string text) => throw new NotImplementedException();

    // ---- what a powered-off disk shows ----

    /// <summary>Runs <paramref name="use"/> with the platter's reader while power moves are held off; the disk must be off.</summary>
    public void ReadPlatter(Action<PlatterReader> use) => throw new NotImplementedException();

    /// <summary>The first populated range at or after an offset, or null when only zeroes follow; only inside ReadPlatter or WritePlatter.</summary>
    public ByteRange? NextPopulated(long offsetBytes) => throw new NotImplementedException();

    /// <summary>Replaces persistent bytes while off: the callback writes (offset, bytes). Evidence of the cut is dropped: no recut afterwards.</summary>
    public void WritePlatter(Action<PlatterWriter> use) => throw new NotImplementedException();

    /// <summary>Runs <paramref name="use"/> with the evidence of the cut while power moves are held off; throws PowerMoveException when there is none.</summary>
    public T WithEvidence<T>(Func<CutEvidence, T> use) => throw new NotImplementedException();

    /// <summary>The newest reports, oldest first (at most <see cref="MaxReports"/>).</summary>
    public IReadOnlyList<CutReport> Reports => throw new NotImplementedException();

    public const int MaxReports = 256;

    public DiskStatistics GetStatistics() => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
