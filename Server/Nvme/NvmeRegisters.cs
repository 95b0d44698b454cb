using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>A controller's properties, and what setting CC asks for (Base 3.1.4, 3.5, 3.6). Not safe for threads.</summary>
internal sealed class NvmeRegisters
{
    /// <summary>VS: NVMe 2.0.</summary>
    public const uint Version = 0x2_0000;

    private const int SubmissionEntryShift = 6;
    private const int CompletionEntryShift = 4;

    private static readonly NvmeCapabilities s_capabilities = new(NvmeLimits.MaxQueueEntries, TimeoutHalfSeconds: 60);

    /// <summary>CC.</summary>
    public NvmeConfiguration Configuration { get; private set; }

    /// <summary>CSTS.</summary>
    public NvmeControllerStatus Status { get; private set; }

    /// <summary>Whether commands other than those of Fabrics are taken.</summary>
    public bool IsReady => (Status & NvmeControllerStatus.Ready) != NvmeControllerStatus.None && Configuration is { IsEnabled: true, ShutdownNotice: 0 };

    /// <summary>What the host asked for by setting CC.</summary>
    internal enum Request
    {
        None,
        Reset,
        Shutdown,
    }

    /// <summary>False: there is no such property of this size.</summary>
    public bool TryGet(NvmeProperty property, int sizeBytes, out ulong value)
    {
        (int size, value) = property switch
        {
            NvmeProperty.Capabilities => (8, s_capabilities.ToValue()),
            NvmeProperty.Version => (4, Version),
            NvmeProperty.Configuration => (4, Configuration.Value),
            NvmeProperty.Status => (4, (ulong)Status),
            _ => (0, 0ul),
        };
        return size != 0 && size == sizeBytes;
    }

    /// <summary>Sets CC. A shutdown that is asked for is to be carried out by the caller, who says its end
    /// (<see cref="EndShutdown"/>).</summary>
    public Request Set(NvmeConfiguration next)
    {
        NvmeConfiguration before = Configuration;
        Configuration = next;
        Request request = Request.None;
        if (next.IsEnabled && !before.IsEnabled)
        {
            Status = IsSpoken(next) ? NvmeControllerStatus.Ready : NvmeControllerStatus.Fatal;
        }
        else if (!next.IsEnabled && before.IsEnabled)
        {
            Status = NvmeControllerStatus.None;
            request = Request.Reset;
        }

        if (next.ShutdownNotice != 0 && before.ShutdownNotice == 0)
        {
            Status |= NvmeControllerStatus.ShutdownInProgress;
            return Request.Shutdown;
        }

        return request;
    }

    /// <summary>Whether what was cached is on media now; if not, the controller has failed and its shutdown never completes.</summary>
    public void EndShutdown(bool isClean) => Status = isClean
        ? (Status & ~NvmeControllerStatus.ShutdownInProgress) | NvmeControllerStatus.ShutdownComplete
        : Status | NvmeControllerStatus.Fatal;

    private static bool IsSpoken(NvmeConfiguration cc) => cc is
    {
        CommandSet: 0,
        MemoryPageSize: 0,
        Arbitration: 0,
        SubmissionEntryShift: SubmissionEntryShift,
        CompletionEntryShift: CompletionEntryShift,
    };
}
