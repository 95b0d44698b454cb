using BlockEmu.Device.Cache;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>A write between its step and its acknowledgement, as a thread of the disk would leave it that is interrupted there.</summary>
internal sealed class InFlightWrite
{
    private readonly Disk _disk;
    private readonly PendingCommand _command;

    private InFlightWrite(Disk disk, PendingCommand command)
    {
        (_disk, _command) = (disk, command);
        Sequence = command.Sequence;
    }

    public long Sequence { get; }

    /// <summary>Makes a write of whole blocks visible.</summary>
    public static InFlightWrite Begin(Disk disk, ByteRange range, ReadOnlySpan<byte> payload, bool isFua)
    {
        lock (disk.Core.Gate)
        {
            return new InFlightWrite(disk, disk.Core.Step(WriteKind.Write, range, payload, isFua));
        }
    }

    /// <summary>False: it would have to wait for a medium that only the destager writes to, so it stays unanswered for ever.</summary>
    public bool TryAcknowledge()
    {
        lock (_disk.Core.Gate)
        {
            bool isPending = _command.Sequence == Sequence && _command.List is not null;
            bool isThrough = _disk.Options.CacheBytes == 0 || (isPending && _command.IsFua);
            if (isPending && _command.List == _disk.Core.Cache.Pending && isThrough)
            {
                if (!_disk.Core.Medium.IsImmediate)
                {
                    return false;
                }

                _disk.Core.Persist(_command);
                isPending = false;
            }

            _disk.Core.Acknowledge(Sequence, isPending ? _command : null, isThrough);
            return true;
        }
    }
}
