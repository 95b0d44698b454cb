using System.Diagnostics.CodeAnalysis;
using BlockEmu.Device.Atoms;
using BlockEmu.Device.Media;

namespace BlockEmu.Device.Cache;

/// <summary>Makes pending commands persistent on a medium that waits: picks a batch under the lock, writes it without, straight
/// from the cache's pages, and then says so under the lock again.</summary>
/// <remarks>One batch at a time (the token). Nothing but a batch takes commands out of the cache of such a medium while the power
/// is on, so the pages of the batch under way stay. A cut starts no I/O and waits for the batch that is issued, which then counts as
/// required. Reads in flight over the blocks of a batch are awaited before it is written; reads that start later find those
/// blocks in the cache.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "No wait handle is ever asked of them, and a late command may still wait on one")]
internal sealed class Destager(DiskCore core)
{
    /// <summary>How much payload one batch of a flush carries, unless a single command is larger.</summary>
    public const long FlushBatchBytes = 1 << 20;

    /// <summary>How much payload one batch carries that makes room: a writer waits for it, and soon fills the pages that it
    /// frees while the processor's caches still hold them.</summary>
    public const long RoomBatchBytes = 256 << 10;

    /// <summary>How many commands one batch carries.</summary>
    public const int BatchCommands = 1024;

    /// <summary>The largest atom whose old bytes are kept in hand while it is written through.</summary>
    private const int MaxOldBytes = 1 << 20;

    private readonly SemaphoreSlim _token = new(1, 1);
    private readonly ManualResetEventSlim _idle = new(initialState: true);
    private readonly SharedSync _sync = new(core.Medium.Sync, core.Refuse);

    // Under the token: the batch under way, and what it needs.
    private readonly List<PendingCommand> _batch = [];
    private readonly List<LivePiece> _pieces = [];
    private long _batchBytes;
    private readonly PlatterDelta _delta = new(core.Geometry, core.Arena);
    private byte[] _old = [];

    public ReadsInFlight Reads { get; } = new();

    /// <summary>Waits until no batch is being written.</summary>
    public void WaitUntilIdle() => _idle.Wait();

    /// <summary>Destages one batch of about so much payload, by the policy's order.</summary>
    public DestageProgress RunInBackground(long maxBytes)
    {
        _token.Wait();
        try
        {
            long epoch;
            lock (core.Gate)
            {
                epoch = core.Epoch;
            }

            DestageOrder order = DestageOrder.Background(maxBytes);
            DiskStatus status = RunBatch(epoch, order) ?? DiskStatus.PowerLost;
            if (IsRefusal(status) && RunBatch(epoch, order.OnlyZeroes()) == DiskStatus.Ok && _batch.Count != 0)
            {
                status = RunBatch(epoch, order) ?? DiskStatus.PowerLost;
            }

            return status == DiskStatus.Ok ? new DestageProgress(_batch.Count, _batchBytes, status) : new DestageProgress(0, 0, status);
        }
        finally
        {
            _token.Release();
        }
    }

    /// <summary>Destages by the policy's order until a command of that size fits. Null = wait until the power has settled.</summary>
    public DiskStatus? MakeRoom(long epoch, long payloadBytes, bool isThrough) =>
        RunToEnd(epoch, DestageOrder.Room(payloadBytes, isThrough));

    /// <summary>Destages what was acknowledged up to a position (everything, with null), then syncs.</summary>
    public DiskStatus? Flush(long? epoch, long? coveredOrder)
    {
        DiskStatus? status = RunToEnd(epoch, DestageOrder.Flush(coveredOrder));
        return status == DiskStatus.Ok ? _sync.Run() : status;
    }

    /// <summary>Destages one command that is in flight, if it is still pending, then syncs. When the medium refuses, the
    /// command is withdrawn: it leaves the old data.</summary>
    public DiskStatus? PersistOne(long epoch, PendingCommand command, long sequence)
    {
        DiskStatus? status;
        _token.Wait();
        try
        {
            status = RunBatch(epoch, DestageOrder.One(command, sequence));
        }
        finally
        {
            _token.Release();
        }

        return status == DiskStatus.Ok ? _sync.Run() : status;
    }

    private DiskStatus? RunToEnd(long? epoch, in DestageOrder order)
    {
        _token.Wait();
        try
        {
            DiskStatus? status = RunBatches(epoch, order);
            return IsRefusal(status) ? RunAround(epoch, order, status) : status;
        }
        finally
        {
            _token.Release();
        }
    }

    private DiskStatus? RunBatches(long? epoch, in DestageOrder order)
    {
        DiskStatus? status;
        do
        {
            status = RunBatch(epoch, order);
        }
        while (status == DiskStatus.Ok && _batch.Count != 0);
        return status;
    }

    /// <summary>What the medium refuses may be dead by something newer that the medium takes: a trim that frees the room which was
    /// missing, an overwrite. Any order of destaging is legal, so that goes first.</summary>
    private DiskStatus? RunAround(long? epoch, in DestageOrder order, DiskStatus? refusal)
    {
        if (RunBatch(epoch, order.OnlyZeroes()) == DiskStatus.Ok && _batch.Count != 0)
        {
            refusal = RunBatches(epoch, order);
        }

        while (IsRefusal(refusal))
        {
            PendingCommand? oldest;
            lock (core.Gate)
            {
                oldest = order.FindOldest(core);
            }

            DiskStatus? status = oldest is null ? DiskStatus.Ok : RunOver(epoch, order, oldest);
            if (oldest is null || status != DiskStatus.Ok)
            {
                return status;
            }

            refusal = RunBatches(epoch, order);
        }

        return refusal;
    }

    /// <summary>Destages one command, or else newer ones over it until it is dead or goes.</summary>
    private DiskStatus? RunOver(long? epoch, in DestageOrder order, PendingCommand command)
    {
        HashSet<long> tried = [];
        DestageOrder alone = DestageOrder.Alone(command);
        while (true)
        {
            DiskStatus? status = RunBatch(epoch, alone);
            PendingCommand? over = null;
            if (IsRefusal(status))
            {
                lock (core.Gate)
                {
                    over = order.FindOver(core, command, tried);
                }
            }

            if (over is null)
            {
                return status;
            }

            tried.Add(over.Sequence);
            RunBatch(epoch, DestageOrder.Alone(over));
        }
    }

    private static bool IsRefusal(DiskStatus? status) => status is DiskStatus.MediumError or DiskStatus.MediumFull;

    private DiskStatus? RunBatch(long? epoch, in DestageOrder order)
    {
        lock (core.Gate)
        {
            _batch.Clear();
            if (epoch is long session && core.Admit(session) is var admitted && admitted != DiskStatus.Ok)
            {
                return admitted;
            }

            _batchBytes = order.Pick(core, _batch);
            if (_batch.Count == 0)
            {
                return DiskStatus.Ok;
            }

            BuildDelta();
            Reads.Await(_delta);
            _idle.Reset();
        }

        bool withdrawsOnError = order.IsForOne;
        DeviceIoException? error = null;
        ReadOnlySpan<byte> old = default;
        try
        {
            Reads.WaitForAwaited();
            old = withdrawsOnError ? ReadOld(_batch[0]) : default;
            core.Medium.Apply(_delta, keepUndo: false);
        }
        catch (Exception e)
        {
            // Whatever went wrong on the way to the medium: a batch that stayed issued would hold up the next cut for ever.
            error = e as DeviceIoException ?? new DeviceIoException(e.Message, LibC.EIO, e);
            WriteOld(old);
        }

        lock (core.Gate)
        {
            _delta.Free();
            foreach (PendingCommand command in _batch)
            {
                Settle(command, error is null, withdrawsOnError);
            }

            _idle.Set();
        }

        return error is null ? DiskStatus.Ok : core.Refuse(error);
    }

    private void BuildDelta()
    {
        _delta.Free(); // it is empty, unless building it failed
        _delta.KeepsProvisioned = _batch[0].KeepsProvisioned;
        for (int i = _batch.Count - 1; i >= 0; i--)
        {
            AtomReach reach = _batch[i].Reach;
            LivePieces.Collect(_batch[i], core.Cache, core.Geometry, _pieces);
            foreach (LivePiece piece in _pieces)
            {
                _delta.Cover(piece, reach);
            }
        }
    }

    private void Settle(PendingCommand command, bool isWritten, bool withdrawsOnError)
    {
        if (isWritten)
        {
            core.Persist(command);
        }
        else if (withdrawsOnError)
        {
            // Here, where the token is held and before a cut may look: nobody else has the command in hand.
            core.Cache.Withdraw(command);
        }
        else
        {
            command.MustSurvive = true;
            core.PutBack(command);
        }
    }

    /// <summary>The bytes under a command of one atom: if the medium fails half way, it has to leave the old data.</summary>
    private ReadOnlySpan<byte> ReadOld(PendingCommand command)
    {
        if (command.AtomCount != 1 || command.LengthBytes > MaxOldBytes)
        {
            return default;
        }

        int bytes = (int)command.LengthBytes;
        if (_old.Length < bytes)
        {
            _old = new byte[bytes];
        }

        core.Medium.Read(command.OffsetBytes, _old.AsSpan(0, bytes));
        return _old.AsSpan(0, bytes);
    }

    private void WriteOld(ReadOnlySpan<byte> old)
    {
        try
        {
            if (!old.IsEmpty)
            {
                core.Medium.Write(_batch[0].OffsetBytes, old);
            }
        }
        catch (DeviceIoException)
        {
            // The medium takes nothing any more; the first error is the one that is told.
        }
    }
}
