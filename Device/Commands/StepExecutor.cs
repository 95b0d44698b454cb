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
    public DiskStatus Execute(
        long epoch, ByteRange range, Span<byte> payload, bool isFua, IStepInput input, AtomicityParameters accepted) =>
        Execute(epoch, WriteKind.Write, range, new WritePayload(payload), isFua, keepsProvisioned: false, accepted, input, payload);

    public DiskStatus Execute(
        long epoch, WriteKind kind, ByteRange range, in WritePayload payload, bool isFua, bool keepsProvisioned = false,
        AtomicityParameters? accepted = null, IStepInput? input = null, Span<byte> fillable = default)
    {
        accepted ??= core.Atomicity;
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
                if (hasRoom && (input is null || (filled = input.TryFill(fillable, core)) == DiskStatus.Ok))
                {
                    command = core.Step(kind, range, payload, isFua, accepted);
                    command.KeepsProvisioned = keepsProvisioned;
                    sequence = command.Sequence;
                    if (Finish(command, isFua, isThrough, payload.LengthBytes))
                    {
                        input?.Release(destager.Reads);
                        return DiskStatus.Ok;
                    }
                }

                input?.Release(destager.Reads);
            }

            if (command is not null)
            {
                return WriteThrough(epoch, command, sequence, isFua);
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

    /// <summary>Acknowledges what can be now; false = it has to be written through first.</summary>
    private bool Finish(PendingCommand command, bool isFua, bool isThrough, int payloadBytes)
    {
        long sequence = command.Sequence;
        if (!isThrough)
        {
            core.Acknowledge(sequence, command, isFua);
            return true;
        }

        core.FullCacheWrites += core.IsWrittenThrough(isFua, payloadBytes) ? 0 : 1;
        if (!core.Medium.IsImmediate)
        {
            core.WrittenThrough.Add(sequence);
            return false;
        }

        core.Persist(command);
        core.Acknowledge(sequence, null, isFua);
        return true;
    }

    private DiskStatus WriteThrough(long epoch, PendingCommand command, long sequence, bool isFua)
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
                    core.Acknowledge(sequence, isKnown ? command : null, isFua);
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

        DiskStatus status = input.ReadPlatter(core.Medium);
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
