using System.Diagnostics.CodeAnalysis;
using BlockEmu.Device.Cache;
using BlockEmu.Device.Commands;
using BlockEmu.Device.Events;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;
using BlockEmu.Device.Power;
using BlockEmu.Device.Transfers;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device;

/// <summary>One virtual disk: the contract of SEMANTICS, without any protocol. Safe for any number of threads.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>A completed write is visible to every later read, on any session, durable or not.</description></item>
/// <item><description>A write with FUA is persistent when it completes; it says nothing about other writes.</description></item>
/// <item><description>A flush makes persistent every write that completed before the flush was accepted, on any session.</description></item>
/// <item><description>A power cut leaves the persistent content and a subset of the pending atoms, each whole; never an older
/// version of a block below a newer persistent one.</description></item>
/// <item><description>After a cut nothing completes until the power returns, and then only commands of the new epoch.</description></item>
/// </list>
/// Commands block until they are done; offset and length are bytes of any alignment.
/// </remarks>
[SuppressMessage("Usage", "CA2213", Justification = "A late command may still wait at the power gate")]
public sealed class Disk : IDisposable
{
    /// <summary>How many marks a report carries at most; older ones are forgotten.</summary>
    public const int MaxMarks = 1024;

    /// <summary>The longest mark, in characters.</summary>
    public const int MaxMarkChars = 1024;

    /// <summary>How many reports are kept.</summary>
    public const int MaxReports = 256;

    /// <summary>How many pending entries all kept reports hold together, the newest report's always among them.</summary>
    public const int MaxReportEntries = 1 << 20;

    /// <summary>How many commands one <see cref="Destage"/> makes persistent at most.</summary>
    public const int MaxDestageCommands = 1024;

    private readonly DiskCore _core;
    private readonly RedoFinding _found;
    private readonly Destager _destager;
    private readonly PowerGate _powerGate = new();
    private readonly ReadCommands _reads;
    private readonly IsolatedCommands _commands;
    private readonly MapCommand _map;
    private readonly DestageCommand _destage;
    private readonly DiskPower _power;
    private readonly DiskChanges _changes;

    /// <summary>Opens the disk, powered on. Throws <see cref="ArgumentException"/> (its message names the option) when
    /// the options do not hold, and <see cref="DeviceIoException"/> when the image cannot be used.</summary>
    public Disk(DiskOptions options, IDiskEventSink? events = null)
        : this(options, events, wrapMedium: null)
    {
    }

    internal Disk(DiskOptions options, IDiskEventSink? events, Func<IMedium, IMedium>? wrapMedium)
    {
        string? fault = options.Validate().FirstOrDefault();
        if (fault is not null)
        {
            throw new ArgumentException(fault, nameof(options));
        }

        SafeFileHandle? file = null;
        if (options.FilePath is not null)
        {
            (file, long sizeBytes, _found) = ImageFile.Open(options);
            options = options with { SizeBytes = sizeBytes };
        }

        DiskGeometry geometry = new(options.SizeBytes, options.BlockSizeBytes);
        _core = new DiskCore(options, geometry, OpenMedium, events);
        _destager = new Destager(_core);
        _reads = new ReadCommands(_core, _destager, _powerGate);
        WriteCommands writes = new(_core, new StepExecutor(_core, _destager, _powerGate), options.IsReadOnly);
        FlushCommand flush = new(_core, _destager, _powerGate);
        _commands = new IsolatedCommands(_core, _reads, writes, flush);
        _map = new MapCommand(_core, _destager, _powerGate);
        _destage = new DestageCommand(_core, _destager);
        _power = new DiskPower(_core, _destager, _powerGate);
        _changes = new DiskChanges(_core);
        _core.Failed += () => PowerChanged?.Invoke(this, PowerState.Failed);

        IMedium OpenMedium(PageArena arena, PageTable pages)
        {
            IMedium medium = file is null
                ? new MemoryMedium(geometry, arena, pages)
                : new FileMedium(geometry, file, options);
            return wrapMedium is null ? medium : wrapMedium(medium);
        }
    }

    /// <summary>For tests that place events one by one; they hold its gate.</summary>
    internal DiskCore Core => _core;

    /// <summary>For tests that place events between the steps of a command.</summary>
    internal IsolatedCommands Commands => _commands;

    /// <summary>Raised after the state has changed, outside any lock, on the thread that made the move.</summary>
    public event Action<Disk, PowerState>? PowerChanged;

    /// <summary>The options in force; with a file medium the size is the image's.</summary>
    public DiskOptions Options => _core.Options;

    /// <summary>The disk's name.</summary>
    public string Name => _core.Options.Name;

    /// <summary>What a killed server had left beside the image when it was opened.</summary>
    public RedoFinding Found => _power.Found ?? _found;

    /// <summary>Size in bytes.</summary>
    public long SizeBytes => _core.Geometry.SizeBytes;

    /// <summary>The state now.</summary>
    public PowerState PowerState => _core.ReadLocked(static core => core.State);

    /// <summary>Counts power-ons. A session (connection) takes it when it opens the disk and gives it with every
    /// command; a command of an older epoch ends with <see cref="DiskStatus.PowerLost"/>.</summary>
    public long PowerEpoch => _core.ReadLocked(static core => core.Epoch);

    /// <summary>The newest reports, oldest first (at most <see cref="MaxReports"/>).</summary>
    public IReadOnlyList<CutReport> Reports => _power.Reports;

    /// <summary>Fills the destination with visible content.</summary>
    public DiskStatus Read(long epoch, long offsetBytes, Span<byte> destination) =>
        _commands.Read(epoch, offsetBytes, destination, out _);

    /// <summary>As <see cref="Read(long, long, Span{byte})"/>.</summary>
    /// <param name="epoch">The session's epoch.</param>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="destination">Filled with visible content.</param>
    /// <param name="failedAtBytes">When the medium failed and it is known: the first byte, inside the range, that could not
    /// be had.</param>
    public DiskStatus Read(long epoch, long offsetBytes, Span<byte> destination, out long? failedAtBytes) =>
        _commands.Read(epoch, offsetBytes, destination, out failedAtBytes);

    /// <summary>Writes; the payload is copied before the call returns.</summary>
    public DiskStatus Write(long epoch, long offsetBytes, ReadOnlySpan<byte> payload, bool fua) =>
        _commands.Write(epoch, offsetBytes, payload, fua);

    /// <summary>Whether reads can go without a copy: with a platter in memory, where a read is one step.</summary>
    public bool CanView => _core.Medium is MemoryMedium && _commands.IsPlain;

    /// <summary>Whether a read of this length may be made of several, one after another: nothing is promised of it as a whole.</summary>
    public bool MayReadInPieces(long lengthBytes) =>
        _core.Options.Isolation.MayCutReads && lengthBytes > _core.Options.EffectiveAtomicity.EffectiveAwunBytes;

    /// <summary>Reads visible content without copying it: adds to <paramref name="view"/> where it lies. Only where
    /// <see cref="CanView"/>.</summary>
    public DiskStatus Read(long epoch, long offsetBytes, int lengthBytes, ReadView view) =>
        _core.Medium is MemoryMedium
            ? _reads.Read(epoch, offsetBytes, lengthBytes, view)
            : throw new InvalidOperationException("no view of this medium");

    /// <summary>A stock of pages for one session's payloads.</summary>
    public WriteStock OpenStock() => new(_core);

    /// <summary>Whether a write can be brought in a stock's pages: it consists of whole blocks, and is one step.</summary>
    public bool CanStock(long offsetBytes, int lengthBytes) =>
        ((offsetBytes | (long)lengthBytes) & (_core.Geometry.BlockSizeBytes - 1)) == 0 && lengthBytes > 0 && _commands.IsPlain;

    /// <summary>Writes a payload that lies in a stock's pages, whole (<see cref="CanStock"/>). The stock's payload is gone when
    /// it returns, whatever it returns.</summary>
    public DiskStatus Write(long epoch, long offsetBytes, int lengthBytes, WriteStock stock, bool fua)
    {
        DiskStatus status = _commands.Write(epoch, offsetBytes, lengthBytes, stock, fua);
        stock.Reset();
        return status;
    }

    /// <summary>Whether a range holds what is expected, at one instant; <see cref="DiskStatus.Miscompare"/> when it does not.</summary>
    public DiskStatus Compare(long epoch, long offsetBytes, ReadOnlySpan<byte> expected) => _commands.Compare(epoch, offsetBytes, expected);

    /// <summary>Writes if the range holds what is expected, else changes nothing (<see cref="DiskStatus.Miscompare"/>). No other
    /// command comes between the comparison and the write, whatever its length. Up to ACWU, and within one NABSPF boundary, the
    /// write is one atom; beyond, each block is one.</summary>
    public DiskStatus CompareAndWrite(
        long epoch, long offsetBytes, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> payload, bool fua) =>
        _commands.CompareAndWrite(epoch, offsetBytes, expected, payload, fua);

    /// <summary>Zeroes a range, in no time and memory that its length would show in.</summary>
    /// <param name="epoch">The session's epoch.</param>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="lengthBytes">Length.</param>
    /// <param name="fua">Persistent before it completes.</param>
    /// <param name="mayPunchHole">False (<c>NBD_CMD_FLAG_NO_HOLE</c>): the range stays provisioned on a file medium.</param>
    public DiskStatus WriteZeroes(long epoch, long offsetBytes, long lengthBytes, bool fua, bool mayPunchHole) =>
        _commands.WriteZeroes(epoch, offsetBytes, lengthBytes, fua, !mayPunchHole);

    /// <summary>Deallocates; rounds inwards to whole blocks, and a range without a whole block does nothing.</summary>
    public DiskStatus Trim(long epoch, long offsetBytes, long lengthBytes, bool fua) =>
        _commands.Trim(epoch, offsetBytes, lengthBytes, fua);

    /// <summary>Makes persistent every write that completed before this flush was accepted.</summary>
    public DiskStatus Flush(long epoch) => _commands.Flush(epoch);

    /// <summary>Makes pending commands persistent, in the order of <see cref="DiskOptions.Destage"/>, until about
    /// <paramref name="maxBytes"/> of payload are, or nothing is left, or <see cref="MaxDestageCommands"/> commands are. The last
    /// command may go beyond it. For its owner, who has a clock.</summary>
    public DestageProgress Destage(long maxBytes) => _destage.Run(maxBytes);

    /// <summary>What a power cut would take right now: lists the states of a range from its start on, neighbours alike
    /// merged. It may stop before the range's end, never before its first extent.</summary>
    /// <param name="epoch">The session's epoch.</param>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="lengthBytes">Length.</param>
    /// <param name="maxExtents">How many extents at most, at least 1.</param>
    /// <param name="extents">Filled anew; borders are multiples of the block but for the range's own ends.</param>
    public DiskStatus Map(long epoch, long offsetBytes, long lengthBytes, int maxExtents, List<DiskExtent> extents) =>
        _map.Map(epoch, new ByteRange(offsetBytes, lengthBytes), maxExtents, extents);

    /// <summary>Cuts the power. When it returns the disk is off and judged. <see cref="PowerMoveException"/> when it is off.</summary>
    /// <param name="seed">The cut's own seed; null = hash(disk seed, cut number), kept to 53 bits.</param>
    /// <param name="loss">The loss model; null = the disk's.</param>
    /// <exception cref="CutNotJudgedException">The power is off, and the medium did not let the cut be judged.</exception>
    public CutReport Cut(ulong? seed = null, LossModel? loss = null)
    {
        try
        {
            return Announce(_power.Cut(seed, loss));
        }
        catch (CutNotJudgedException)
        {
            Announce(false);
            throw;
        }
    }

    /// <summary>Judges the same cut again; the disk stays off. <see cref="PowerMoveException"/> when there is no cut to judge.</summary>
    public CutReport Recut(ulong? seed = null, LossModel? loss = null) => _power.Recut(seed, loss);

    /// <summary>Why the disk is not what it should be: <see cref="PowerState.Failed"/>, or off after a cut that could not be judged;
    /// else null.</summary>
    public string? Failure => _power.Failure;

    /// <summary>Power on: a new epoch, on the platter that is found; one that has failed loses what is pending. <see cref="PowerMoveException"/>,
    /// and nothing changes, when it is on, when what is found does not fit, or when the cut could not be judged.</summary>
    /// <param name="acceptLoss">Takes the old platter when the cut could not be judged: all that was pending is lost.</param>
    public void PowerOn(bool acceptLoss = false)
    {
        _power.PowerOn(acceptLoss);
        PowerChanged?.Invoke(this, PowerState.On);
    }

    /// <summary>Flush, then off. When the flush fails the disk stays on and the status says why.</summary>
    public DiskStatus Shutdown()
    {
        DiskStatus status = _power.Shutdown();
        return status == DiskStatus.Ok ? Announce(status) : status;
    }

    /// <summary>Changes what can change while the disk is there: atomicity, destage, isolation, loss and seed; see <see cref="DiskChanges"/>.</summary>
    public void Change(Func<DiskOptions, DiskOptions> change) => _changes.Apply(change);

    /// <summary>Sets a mark in the event log. <see cref="ArgumentException"/> for a text that is empty or too long.</summary>
    public DiskMark Mark(string text) => _power.Mark(text);

    /// <summary>Runs <paramref name="use"/> with the platter's reader while power moves are held off; the disk must be off.</summary>
    public void ReadPlatter(Action<PlatterReader> use) => _power.ReadPlatter(use);

    /// <summary>The first range at or after an offset that may hold something but zeroes, or null when only zeroes follow; to
    /// be called inside <see cref="ReadPlatter"/> or <see cref="WithEvidence{T}"/>.</summary>
    public ByteRange? NextPopulated(long offsetBytes) => _core.Medium.NextPopulated(offsetBytes);

    /// <summary>Replaces persistent bytes while off. The evidence of a cut is dropped: no recut afterwards.</summary>
    public void WritePlatter(Action<PlatterWriter> use) => _power.WritePlatter(use);

    /// <summary>Runs <paramref name="use"/> with the evidence of the cut while power moves are held off;
    /// <see cref="PowerMoveException"/> when there is none.</summary>
    public T WithEvidence<T>(Func<CutEvidence, T> use) => _power.WithEvidence(use);

    /// <summary>The counters now.</summary>
    public DiskStatistics GetStatistics() => DiskStatistics.From(_core, _power.Cuts);

    /// <summary>Closes the medium without a flush: what was pending is gone, as with a power cut that keeps nothing. Safe beside
    /// commands (<see cref="DiskStatus.PowerLost"/>) and moves (<see cref="ObjectDisposedException"/>).</summary>
    public void Dispose()
    {
        _power.Dispose();

        // No view is held soon: the power is off, and holders do not wait.
        SpinWait.SpinUntil(() => _core.ReadLocked(static core => core.Arena.Pins.FindOldestPin()) == ReadView.Nothing);
        lock (_core.Gate)
        {
            _core.Dispose();
        }
    }

    private T Announce<T>(T result)
    {
        _core.Medium.LetOthersIn();
        PowerChanged?.Invoke(this, PowerState.Off);
        return result;
    }
}
