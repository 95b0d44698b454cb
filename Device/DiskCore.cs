using BlockEmu.Device.Cache;
using BlockEmu.Device.Events;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;
using BlockEmu.Device.Power;
using BlockEmu.Device.Transfers;

namespace BlockEmu.Device;

/// <summary>The state of one disk and its decisions. It never waits and takes no lock: its callers hold <see cref="Gate"/>.</summary>
internal sealed class DiskCore : IDisposable
{
    private readonly long _cacheBytes;
    private RandomOrder? _randomOrder;
    private long _flushesAccepted;

    public DiskCore(DiskOptions options, DiskGeometry geometry, Func<PageArena, PageTable, IMedium> openMedium, IDiskEventSink? events)
    {
        Geometry = geometry;
        Options = options;
        Atomicity = options.EffectiveAtomicity;
        CompareAtomicity = Atomicity.ForCompareAndWrite();
        Events = events;
        _cacheBytes = options.CacheBytes;
        Arena = new PageArena(Headroom.For(Math.Min(options.CacheBytes, geometry.SizeBytes)));
        Lending = new PageLending(this);
        Pages = new PageTable(geometry.PageCount);
        Cache = new WriteCache(geometry, Arena, Pages);
        Reader = new VisibleReader(geometry, Cache);
        ProtectedBytes = options.ProtectedBytes;
        Medium = openMedium(Arena, Pages);
        SetDestage(options);
    }

    /// <summary>Protects everything here and in the cache; never held across I/O of a medium that waits.</summary>
    public Lock Gate { get; } = new();

    public DiskGeometry Geometry { get; }

    /// <summary>The options in force; replaced as a whole (<see cref="Change"/>), so it may be read without the lock.</summary>
    public DiskOptions Options { get; private set; }

    /// <summary>The promises that a command accepted now is under, whatever changes while it waits; may be read without the lock.</summary>
    public AtomicityParameters Atomicity { get; private set; }

    /// <summary>The same of a compare and write.</summary>
    public AtomicityParameters CompareAtomicity { get; private set; }

    public IDiskEventSink? Events { get; }

    public PageArena Arena { get; }

    /// <summary>The pages that sessions have for payloads on their way.</summary>
    public PageLending Lending { get; }

    /// <summary>The pages in use, of the cache and of a platter in memory.</summary>
    public PageTable Pages { get; }

    public WriteCache Cache { get; }

    public VisibleReader Reader { get; }

    public IMedium Medium { get; }

    public PowerState State { get; set; } = PowerState.On;

    /// <summary>While <see cref="PowerState.Failed"/>: why.</summary>
    public string? FailureReason { get; private set; }

    public long Epoch { get; private set; } = 1;

    /// <summary>How much of the newest pending payload survives every cut.</summary>
    public long ProtectedBytes { get; }

    /// <summary>The newest step's number.</summary>
    public long Sequence { get; private set; }

    /// <summary>The newest step made persistent.</summary>
    public long NewestRequired { get; private set; }

    /// <summary>Acknowledgements so far: the position a flush covers up to.</summary>
    public long AcknowledgeOrder { get; private set; }

    /// <summary>Where flushes were accepted.</summary>
    public FlushBorders FlushBorders { get; } = new();

    /// <summary>Whether a command that does not fit is written through instead of making room.</summary>
    public bool WritesThroughWhenFull { get; private set; }

    public bool IsDestagedAtRandom => _randomOrder is not null;

    /// <summary>Steps in flight whose writer waits for them to be persistent, ascending.</summary>
    public List<long> WrittenThrough { get; } = [];

    /// <summary>Commands carried out as with FUA because the cache was full.</summary>
    public long FullCacheWrites { get; set; }

    public long DestagedBytes { get; private set; }

    public long Flushes { get; private set; }

    public long FuaWrites { get; private set; }

    /// <summary>Whether a command of that length has to be persistent before it is acknowledged.</summary>
    public bool IsWrittenThrough(bool isFua, long payloadBytes) => isFua || _cacheBytes == 0 || payloadBytes > _cacheBytes;

    /// <summary>Whether a command fits beside what is pending; one that is written through takes no room of its own.</summary>
    public bool HasRoomFor(long payloadBytes, bool isThrough) =>
        (isThrough || Cache.LiveBytes + payloadBytes <= _cacheBytes) && !Cache.NeedsRelief(isThrough ? payloadBytes : 0);

    /// <summary>The command to destage next for another one that does not fit; null when nothing is pending.</summary>
    public PendingCommand? NextForRoom(long payloadBytes, bool isThrough) =>
        MakesRoomAtRandom(payloadBytes, isThrough) ? TakeNext() : Cache.Pending.Oldest;

    /// <summary>Whether a random order makes room for a command. What history without payload has too much of goes oldest
    /// first under every policy.</summary>
    public bool MakesRoomAtRandom(long payloadBytes, bool isThrough) =>
        _randomOrder is not null && !isThrough && Cache.LiveBytes + payloadBytes > _cacheBytes;

    /// <summary>The command that the policy's order destages next; null when nothing is pending. At random it is not the next
    /// one again unless it is put back.</summary>
    public PendingCommand? TakeNext() => _randomOrder is null ? Cache.Pending.Oldest : _randomOrder.Take();

    /// <summary>A command that was taken at random stays pending after all.</summary>
    public void PutBack(PendingCommand command) => _randomOrder?.Add(command);

    /// <summary>Reads something under <see cref="Gate"/>, which it takes.</summary>
    public T ReadLocked<T>(Func<DiskCore, T> read)
    {
        lock (Gate)
        {
            return read(this);
        }
    }

    /// <summary>Raised once when the medium is lost, outside any lock, on the thread that met it.</summary>
    public event Action? Failed;

    /// <summary>Whether a session may go on: null = wait until the power has settled.</summary>
    public DiskStatus? Admit(long epoch) =>
        epoch != Epoch || State == PowerState.Off ? DiskStatus.PowerLost
        : State == PowerState.On ? DiskStatus.Ok
        : State == PowerState.Stopping ? null
        : DiskStatus.MediumError;

    /// <summary>What a command ends with that the medium refused. Where the medium is lost, the disk has failed from here on. Takes
    /// <see cref="Gate"/>.</summary>
    public DiskStatus Refuse(DeviceIoException error)
    {
        if (error.IsMediumLost)
        {
            Fail(error.Message);
        }

        return error.ToStatus();
    }

    /// <summary>Options that hold for commands accepted from now on.</summary>
    public void Change(DiskOptions options)
    {
        if (options.Destage != Options.Destage || options.Seed != Options.Seed)
        {
            SetDestage(options);
        }

        Options = options;
        Atomicity = options.EffectiveAtomicity;
        CompareAtomicity = Atomicity.ForCompareAndWrite();
    }

    /// <summary>Makes a command visible as one step.</summary>
    /// <param name="kind">Write, WriteZeroes or Trim.</param>
    /// <param name="range">Whole blocks.</param>
    /// <param name="payload">The data of a Write.</param>
    /// <param name="isFua">Whether it asked for FUA.</param>
    /// <param name="accepted">The promises it was accepted under; null = those in force.</param>
    public PendingCommand Step(
        WriteKind kind, ByteRange range, in WritePayload payload, bool isFua, AtomicityParameters? accepted = null)
    {
        accepted ??= Atomicity;
        Events?.OnStep(Sequence + 1, kind, range, isFua, accepted, payload.Gather(range.OffsetBytes));
        PendingCommand command = Cache.Insert(kind, ++Sequence, range, accepted, payload, isFua);
        _randomOrder?.Add(command);
        return command;
    }

    /// <summary>Decides a command's completion. <paramref name="command"/> is null when it has left the cache already.</summary>
    public void Acknowledge(long sequence, PendingCommand? command, bool isFua)
    {
        AcknowledgeOrder++;
        if (command is not null)
        {
            command.AcknowledgeOrder = AcknowledgeOrder;
        }

        if (isFua)
        {
            FuaWrites++;
        }

        Events?.OnAcknowledge(sequence);
    }

    /// <summary>The command's atoms are persistent from now on. On an immediate medium this writes them too.</summary>
    public void Persist(PendingCommand command)
    {
        long sequence = command.Sequence;
        DestagedBytes += command.LiveBytes;
        NewestRequired = Math.Max(NewestRequired, sequence);
        Cache.Persist(command, Medium as MemoryMedium);
        Events?.OnDestage(sequence);
    }

    private void Fail(string reason)
    {
        lock (Gate)
        {
            FailureReason ??= State == PowerState.Off ? null : reason;
            if (State != PowerState.On)
            {
                return; // a move is under way, or there was one: it meets the medium itself
            }

            State = PowerState.Failed;
        }

        Failed?.Invoke();
    }

    /// <summary>The power has returned: a new epoch, with nothing pending and nothing required of it yet.</summary>
    public void BeginEpoch()
    {
        Cache.Clear();
        FlushBorders.Clear();
        NewestRequired = 0;
        Epoch++;
        State = PowerState.On;
        FailureReason = null;
        Events?.OnPowerOn();
    }

    /// <summary>Numbers a flush that was accepted.</summary>
    public long AcceptFlush()
    {
        FlushBorders.Accept(Sequence, AcknowledgeOrder, NewestRequired);
        Events?.OnFlushAccepted(++_flushesAccepted);
        return _flushesAccepted;
    }

    /// <summary>A flush is good: what it covers is persistent. Superseded commands it covers are forgotten.</summary>
    public void AcknowledgeFlush(long flush, long coveredOrder)
    {
        Flushes++;
        for (PendingCommand? dead = Cache.Dead.Oldest; dead is not null;)
        {
            PendingCommand? next = dead.Newer;
            if (dead.IsAcknowledged && dead.AcknowledgeOrder <= coveredOrder)
            {
                Cache.Release(dead);
            }

            dead = next;
        }

        Events?.OnFlushAcknowledged(flush);
    }

    /// <summary>Makes every command acknowledged up to a position persistent (an immediate medium's flush).</summary>
    public void PersistAcknowledged(long coveredOrder)
    {
        for (PendingCommand? command = Cache.Pending.Oldest; command is not null;)
        {
            PendingCommand? next = command.Newer;
            if (command.IsAcknowledged && command.AcknowledgeOrder <= coveredOrder)
            {
                Persist(command);
            }

            command = next;
        }
    }

    private void SetDestage(DiskOptions options)
    {
        WritesThroughWhenFull = options.Destage.Kind == DestagePolicyKind.Never;
        _randomOrder = options.Destage.Kind == DestagePolicyKind.Random ? new RandomOrder(options.Seed, Cache.Pending) : null;
    }

    public void Dispose()
    {
        Medium.Dispose();
        Pages.Dispose();
        Lending.Close();
    }
}
