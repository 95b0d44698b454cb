using System.Diagnostics.CodeAnalysis;
using BlockEmu.Device.Media;

namespace BlockEmu.Device.Cache;

/// <summary>Makes pending commands persistent on a medium that waits: picks a batch under the lock, writes it without, and
/// then says so under the lock again.</summary>
/// <remarks>One batch at a time (the token). A cut starts no I/O and waits for the batch that is issued, which then counts as
/// required. Reads in flight over the blocks of a batch are awaited before it is written; reads that start later find those
/// blocks in the cache.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "No wait handle is ever asked of them, and a late command may still wait on one")]
internal sealed class Destager(DiskCore core)
{
    /// <summary>How much payload one batch carries, unless a single command is larger.</summary>
    public const long BatchBytes = 4 << 20;

    /// <summary>How many commands one batch carries.</summary>
    public const int BatchCommands = 4096;

    /// <summary>The largest atom whose old bytes are kept in hand while it is written through.</summary>
    private const long MaxOldBytes = 1 << 20;

    private readonly SemaphoreSlim _token = new(1, 1);
    private readonly ManualResetEventSlim _idle = new(initialState: true);
    private readonly List<PendingCommand> _batch = [];
    private readonly List<LivePiece> _pieces = [];

    public ReadsInFlight Reads { get; } = new();

    /// <summary>Waits until no batch is being written.</summary>
    public void WaitUntilIdle() => _idle.Wait();

    /// <summary>Destages oldest-first until a command of that size fits. Null = wait until the power has settled.</summary>
    public DiskStatus? MakeRoom(long epoch, long payloadBytes, bool isThrough)
    {
        _token.Wait();
        try
        {
            while (true)
            {
                DiskStatus? status = RunBatch(epoch, () =>
                {
                    if (!core.HasRoomFor(payloadBytes, isThrough) && core.Cache.Pending.Oldest is PendingCommand oldest)
                    {
                        AddFrom(oldest, static _ => true);
                    }
                });
                if (status != DiskStatus.Ok || _batch.Count == 0)
                {
                    return status;
                }
            }
        }
        finally
        {
            _token.Release();
        }
    }

    /// <summary>Destages what was acknowledged up to a position (everything, with null), then syncs.</summary>
    public DiskStatus? Flush(long? epoch, long? coveredOrder)
    {
        _token.Wait();
        try
        {
            while (true)
            {
                DiskStatus? status = RunBatch(epoch, () =>
                {
                    if (core.Cache.Pending.Oldest is PendingCommand oldest)
                    {
                        AddFrom(oldest, c => coveredOrder is null || (c.IsAcknowledged && c.AcknowledgeOrder <= coveredOrder));
                    }
                });
                if (status != DiskStatus.Ok || _batch.Count == 0)
                {
                    return status == DiskStatus.Ok ? Sync() : status;
                }
            }
        }
        finally
        {
            _token.Release();
        }
    }

    /// <summary>Destages one command that is in flight, if it is still pending, then syncs. When the medium refuses, the
    /// command is withdrawn: it leaves the old data.</summary>
    public DiskStatus? PersistOne(long epoch, PendingCommand command, long sequence)
    {
        _token.Wait();
        try
        {
            DiskStatus? status = RunBatch(epoch, () =>
            {
                if (IsPending(command, sequence))
                {
                    _batch.Add(command);
                }
            }, withdrawsOnError: true);
            return status == DiskStatus.Ok ? Sync() : status;
        }
        finally
        {
            _token.Release();
        }
    }

    /// <summary>Whether a command has not left the cache; its object may serve another one by now.</summary>
    public bool IsPending(PendingCommand command, long sequence) =>
        command.Sequence == sequence && command.List == core.Cache.Pending;

    private void AddFrom(PendingCommand oldest, Func<PendingCommand, bool> isWanted)
    {
        long bytes = 0;
        for (PendingCommand? c = oldest; c is not null && bytes < BatchBytes && _batch.Count < BatchCommands; c = c.Newer)
        {
            if (!isWanted(c))
            {
                continue;
            }

            if (c.KeepsProvisioned && _batch.Count > 0)
            {
                return; // zeroes that stay provisioned go alone: one delta has one way to zero
            }

            _batch.Add(c);
            bytes += c.LiveBytes;
            if (c.KeepsProvisioned)
            {
                return;
            }
        }
    }

    private DiskStatus? RunBatch(long? epoch, Action select, bool withdrawsOnError = false)
    {
        PlatterDelta delta;
        Task readers;
        lock (core.Gate)
        {
            _batch.Clear();
            if (epoch is long session && core.Admit(session) is var admitted && admitted != DiskStatus.Ok)
            {
                return admitted;
            }

            select();
            if (_batch.Count == 0)
            {
                return DiskStatus.Ok;
            }

            delta = BuildDelta();
            readers = Reads.WaitFor(delta);
            _idle.Reset();
        }

        DeviceIoException? error = null;
        byte[]? old = null;
        try
        {
            readers.Wait();
            old = withdrawsOnError ? ReadOld(_batch[0]) : null;
            core.Medium.Apply(delta, keepUndo: false);
        }
        catch (Exception e)
        {
            // Whatever went wrong on the way to the medium: a batch that stayed issued would hold up the next cut for ever.
            error = e as DeviceIoException ?? new DeviceIoException(e.Message, LibC.EIO, e);
            WriteOld(old);
        }

        lock (core.Gate)
        {
            delta.Free();
            foreach (PendingCommand command in _batch)
            {
                if (error is null)
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
                }
            }

            _idle.Set();
        }

        return error?.ToStatus() ?? DiskStatus.Ok;
    }

    private PlatterDelta BuildDelta()
    {
        PlatterDelta delta = new(core.Geometry, core.Arena) { KeepsProvisioned = _batch[0].KeepsProvisioned };
        for (int i = _batch.Count - 1; i >= 0; i--)
        {
            LivePieces.Collect(_batch[i], core.Cache, core.Geometry, _pieces);
            foreach (LivePiece piece in _pieces)
            {
                delta.Cover(piece);
            }
        }

        return delta;
    }

    /// <summary>The bytes under a command of one atom: if the medium fails half way, it has to leave the old data.</summary>
    private byte[]? ReadOld(PendingCommand command)
    {
        if (command.Layout.Count != 1 || command.LengthBytes > MaxOldBytes)
        {
            return null;
        }

        byte[] old = new byte[command.LengthBytes];
        core.Medium.Read(command.OffsetBytes, old);
        return old;
    }

    private void WriteOld(byte[]? old)
    {
        try
        {
            if (old is not null)
            {
                core.Medium.Write(_batch[0].OffsetBytes, old);
            }
        }
        catch (DeviceIoException)
        {
            // The medium takes nothing any more; the first error is the one that is told.
        }
    }

    private DiskStatus Sync()
    {
        try
        {
            core.Medium.Sync();
            return DiskStatus.Ok;
        }
        catch (DeviceIoException e)
        {
            return e.ToStatus();
        }
    }
}
