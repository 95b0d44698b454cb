using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Transfers;

namespace BlockEmu.Device.Commands;

/// <summary>Carries a block-aligned write-class command out: room, step, persistence where it is asked for, acknowledgement.</summary>
internal sealed class StepExecutor(DiskCore core, Destager destager, PowerGate powerGate)
{
    /// <summary>A write that needs visible content to be complete, or to be made at all.</summary>
    /// <param name="epoch">The session's epoch.</param>
    /// <param name="range">Whole blocks.</param>
    /// <param name="payload">As long as the range; <paramref name="input"/> completes it.</param>
    /// <param name="isFua">Persistent before it completes.</param>
    /// <param name="input">What it needs.</param>
    /// <param name="accepted">The promises it is under.</param>
    /// <param name="taken">It is one step of a command that takes several, and is acknowledged with them.</param>
    public DiskStatus Execute(
        long epoch, ByteRange range, Span<byte> payload, bool isFua, IStepInput input, AtomicityParameters accepted,
        StepsTaken? taken = null) =>
        Execute(epoch, WriteKind.Write, range, new WritePayload(payload), isFua, keepsProvisioned: false, accepted, input, payload, taken);

    public DiskStatus Execute(
        long epoch, WriteKind kind, ByteRange range, in WritePayload payload, bool isFua, bool keepsProvisioned = false,
        StepsTaken? taken = null) =>
        Execute(epoch, kind, range, payload, isFua, keepsProvisioned, taken?.Accepted ?? core.Atomicity, input: null, fillable: default, taken);

    private DiskStatus Execute(
        long epoch, WriteKind kind, ByteRange range, in WritePayload payload, bool isFua, bool keepsProvisioned,
        AtomicityParameters accepted, IStepInput? input, Span<byte> fillable, StepsTaken? taken)
    {
        while (true)
        {
            DiskStatus? prepared = input is null || core.Medium.IsImmediate ? DiskStatus.Ok : Prepare(epoch, input);
            if (prepared is not (null or DiskStatus.Ok))
            {
                return prepared.Value;
            }

            PendingCommand? command = null;
            long sequence = 0;
            bool hasRoom = false;
            DiskStatus? filled = DiskStatus.Ok;
            bool isThrough = core.IsWrittenThrough(isFua, payload.LengthBytes);
            DiskStatus? admitted;
            lock (core.Gate)
            {
                admitted = prepared is null ? null : core.Admit(epoch);
                hasRoom = admitted == DiskStatus.Ok && TryMakeRoom(payload.LengthBytes, ref isThrough);
                if (hasRoom && !HasMemoryFor(payload))
                {
                    admitted = DiskStatus.NoMemory;
                }
                else if (hasRoom && (input is null || (filled = input.TryFill(fillable, core)) == DiskStatus.Ok))
                {
                    command = core.Step(kind, range, payload, isFua, accepted);
                    command.KeepsProvisioned = keepsProvisioned;
                    sequence = command.Sequence;
                    if (Finish(command, isFua, isThrough, payload.LengthBytes, taken))
                    {
                        input?.Release(destager.Reads);
                        return DiskStatus.Ok;
                    }
                }

                input?.Release(destager.Reads);
            }

            if (command is not null)
            {
                return WriteThrough(epoch, command, sequence, isFua, taken);
            }

            if (admitted == DiskStatus.Ok && !hasRoom)
            {
                admitted = destager.MakeRoom(epoch, payload.LengthBytes, isThrough);
            }

            if (filled is not (null or DiskStatus.Ok))
            {
                return filled.Value;
            }

            if (admitted is null)
            {
                powerGate.WaitUntilSettled();
            }
            else if (admitted != DiskStatus.Ok)
            {
                return admitted.Value;
            }
        }
    }

    /// <summary>Ok when a session may go on, once the power has settled.</summary>
    public DiskStatus WaitForPower(long epoch)
    {
        while (true)
        {
            lock (core.Gate)
            {
                if (core.Admit(epoch) is DiskStatus status)
                {
                    return status;
                }
            }

            powerGate.WaitUntilSettled();
        }
    }

    /// <summary>Acknowledges the steps of one command together; only a session that has power may.</summary>
    public DiskStatus Acknowledge(long epoch, StepsTaken taken)
    {
        while (true)
        {
            lock (core.Gate)
            {
                DiskStatus? admitted = core.Admit(epoch);
                if (admitted == DiskStatus.Ok)
                {
                    taken.Acknowledge(core);
                }

                if (admitted is not null)
                {
                    return admitted.Value;
                }
            }

            powerGate.WaitUntilSettled();
        }
    }

    private void Complete(long sequence, PendingCommand? command, bool isFua, StepsTaken? taken)
    {
        if (taken is null)
        {
            core.Acknowledge(sequence, command, isFua);
        }
        else
        {
            taken.Add(sequence, command, isFua);
        }
    }

    /// <summary>Acknowledges what can be now; false = it has to be written through first.</summary>
    private bool Finish(PendingCommand command, bool isFua, bool isThrough, int payloadBytes, StepsTaken? taken)
    {
        long sequence = command.Sequence;
        if (!isThrough)
        {
            Complete(sequence, command, isFua, taken);
            return true;
        }

        core.FullCacheWrites += core.IsWrittenThrough(isFua, payloadBytes) ? 0 : 1;
        if (!core.Medium.IsImmediate)
        {
            core.WrittenThrough.Add(sequence);
            return false;
        }

        core.Persist(command);
        Complete(sequence, null, isFua, taken);
        return true;
    }

    private DiskStatus WriteThrough(long epoch, PendingCommand command, long sequence, bool isFua, StepsTaken? taken)
    {
        while (true)
        {
            DiskStatus? status = destager.PersistOne(epoch, command, sequence);
            lock (core.Gate)
            {
                if (status == DiskStatus.Ok)
                {
                    status = core.Admit(epoch);
                }

                if (status is not null)
                {
                    core.WrittenThrough.Remove(sequence);
                }

                if (status == DiskStatus.Ok)
                {
                    // It has left the cache, unless it was superseded while it waited: then the report still knows it.
                    bool isKnown = command.Sequence == sequence && command.List is not null;
                    Complete(sequence, isKnown ? command : null, isFua, taken);
                    return DiskStatus.Ok;
                }
            }

            if (status is not null)
            {
                return status.Value;
            }

            powerGate.WaitUntilSettled();
        }
    }

    /// <summary>On an immediate medium destages until there is room; on others says whether there is. Where the policy is not
    /// to destage, the command is to be written through instead.</summary>
    private bool TryMakeRoom(int payloadBytes, ref bool isThrough)
    {
        while (!core.HasRoomFor(payloadBytes, isThrough))
        {
            if (core.WritesThroughWhenFull && !isThrough)
            {
                isThrough = true;
                continue;
            }

            if (!core.Medium.IsImmediate || core.NextForRoom(payloadBytes, isThrough) is not PendingCommand command)
            {
                return core.Medium.IsImmediate;
            }

            core.Persist(command);
            if (core.Cache.Pending.Oldest is PendingCommand next)
            {
                core.Cache.Versions.Prefetch(next); // a full cache: the next write will want it gone
            }
        }

        return true;
    }

    /// <summary>Before anything changes: its pages, and those that are carved up for its ends.</summary>
    private bool HasMemoryFor(in WritePayload payload)
    {
        const int Ends = 4;
        int pages = payload.Stock is null ? payload.LengthBytes / PageArena.PageBytes : 0;
        return payload.LengthBytes == 0 || core.Arena.TryEnsure((nuint)(pages + Ends));
    }

    private DiskStatus? Prepare(long epoch, IStepInput input)
    {
        lock (core.Gate)
        {
            DiskStatus? admitted = core.Admit(epoch);
            if (admitted != DiskStatus.Ok)
            {
                return admitted;
            }

            input.Register(core, destager.Reads);
        }

        DiskStatus status = input.ReadPlatter(core);
        if (status != DiskStatus.Ok)
        {
            lock (core.Gate)
            {
                input.Release(destager.Reads);
            }
        }

        return status;
    }
}
