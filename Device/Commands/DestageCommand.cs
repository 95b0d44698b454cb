using BlockEmu.Device.Cache;

namespace BlockEmu.Device.Commands;

/// <summary>Destages because it is time, not because somebody waits for it.</summary>
internal sealed class DestageCommand(DiskCore core, Destager destager)
{
    /// <summary>Commands made persistent at most while other commands wait for the lock.</summary>
    private const int CommandsAtOnce = 16;

    public DestageProgress Run(long maxBytes)
    {
        DestageProgress total = default;
        while (total.Bytes < maxBytes && total.Commands < Disk.MaxDestageCommands)
        {
            DestageProgress part = core.Medium.IsImmediate
                ? RunOnce(maxBytes - total.Bytes)
                : destager.RunInBackground(maxBytes - total.Bytes);
            total = new DestageProgress(total.Commands + part.Commands, total.Bytes + part.Bytes, part.Status);
            if (part.Commands == 0)
            {
                break;
            }
        }

        return total;
    }

    private DestageProgress RunOnce(long maxBytes)
    {
        int commands = 0;
        long bytes = 0;
        lock (core.Gate)
        {
            if (core.Admit(core.Epoch) != DiskStatus.Ok)
            {
                return new DestageProgress(0, 0, DiskStatus.PowerLost);
            }

            while (commands < CommandsAtOnce && bytes < maxBytes && core.TakeNext() is PendingCommand next)
            {
                commands++;
                bytes += next.LiveBytes;
                core.Persist(next);
            }
        }

        return new DestageProgress(commands, bytes, DiskStatus.Ok);
    }
}
