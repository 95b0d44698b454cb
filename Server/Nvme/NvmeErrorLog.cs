using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>The Error Information log of a controller: its newest errors. Safe for threads.</summary>
internal sealed class NvmeErrorLog
{
    private readonly Lock _gate = new(); // protects the entries and their number; taken for failed commands only
    private readonly NvmeErrorLogEntry[] _entries = new NvmeErrorLogEntry[NvmeLimits.MaxErrors];
    private ulong _count;

    /// <summary>Errors since the controller was made.</summary>
    public ulong Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    public void Add(ushort queueId, in NvmeCommand command, NvmeStatus status)
    {
        lock (_gate)
        {
            _count++;
            _entries[(_count - 1) % NvmeLimits.MaxErrors] = new NvmeErrorLogEntry(
                _count, queueId, command.CommandId, status, queueId == 0 ? 0 : command.StartingLba, command.NamespaceId);
        }
    }

    /// <summary>The log page: newest first, empty entries at its end.</summary>
    public byte[] ToPage()
    {
        byte[] page = new byte[NvmeLimits.MaxErrors * NvmeErrorLogEntry.SizeBytes];
        lock (_gate)
        {
            for (int i = 0; i < NvmeLimits.MaxErrors && (ulong)i < _count; i++)
            {
                _entries[(_count - 1 - (ulong)i) % NvmeLimits.MaxErrors].Write(page.AsSpan(i * NvmeErrorLogEntry.SizeBytes));
            }
        }

        return page;
    }
}
