using BlockEmu.Device.Cache;
using BlockEmu.Device.Power;

namespace BlockEmu.Device.Commands;

/// <summary>Flush: what was acknowledged before it was accepted is persistent before it is.</summary>
internal sealed class FlushCommand(DiskCore core, Destager destager, PowerGate powerGate)
{
    public DiskStatus Run(long epoch)
    {
        while (true)
        {
            DiskStatus? status = TryFlush(epoch);
            if (status is not null)
            {
                return status.Value;
            }

            powerGate.WaitUntilSettled();
        }
    }

    private DiskStatus? TryFlush(long epoch)
    {
        long covered;
        long flush;
        lock (core.Gate)
        {
            DiskStatus? admitted = core.Admit(epoch);
            if (admitted != DiskStatus.Ok)
            {
                return admitted;
            }

            covered = core.AcknowledgeOrder;
            flush = core.AcceptFlush();
            if (core.Medium.IsImmediate)
            {
                core.PersistAcknowledged(covered);
                core.AcknowledgeFlush(flush, covered);
                return DiskStatus.Ok;
            }
        }

        DiskStatus? status = destager.Flush(epoch, covered);
        if (status != DiskStatus.Ok)
        {
            return status;
        }

        lock (core.Gate)
        {
            DiskStatus? admitted = core.Admit(epoch);
            if (admitted == DiskStatus.Ok)
            {
                core.AcknowledgeFlush(flush, covered);
            }

            return admitted;
        }
    }
}
