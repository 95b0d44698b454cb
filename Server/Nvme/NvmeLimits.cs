namespace BlockEmu.Server.Nvme;

/// <summary>What a controller says it takes, and the connections hold to.</summary>
internal static class NvmeLimits
{
    /// <summary>MDTS: 4 KiB x 2^8.</summary>
    public const byte MaxTransferShift = 8;

    /// <summary>The most data a command moves.</summary>
    public const int MaxTransferBytes = 4096 << MaxTransferShift;

    /// <summary>Data in the capsule of an I/O queue (IOCCSZ less the entry).</summary>
    public const int IoInCapsuleBytes = 16 << 10;

    /// <summary>Data in the capsule of an admin queue, and of Connect on any (TCP Transport 3.3.2).</summary>
    public const int AdminInCapsuleBytes = 8 << 10;

    /// <summary>Entries of the largest queue (CAP.MQES + 1), and commands outstanding on one.</summary>
    public const int MaxQueueEntries = 128;

    /// <summary>I/O queues of one controller.</summary>
    public const int MaxIoQueues = 64;

    /// <summary>Controllers of one subsystem, and of the discovery subsystem.</summary>
    public const int MaxControllers = 256;

    /// <summary>Of these, one host's (HOSTNQN).</summary>
    public const int MaxControllersOfHost = 64;

    /// <summary>Of these, those of all hosts at one address.</summary>
    public const int MaxControllersOfAddress = 128;

    /// <summary>How long a controller without I/O queues is quiet before it can lose its place to another.</summary>
    public static readonly TimeSpan QuietPatience = TimeSpan.FromSeconds(1);

    /// <summary>The same for one with I/O queues: its Keep Alive Timeout, but no less and no more than these.</summary>
    public static readonly TimeSpan LeastIoPatience = TimeSpan.FromSeconds(10);

    /// <inheritdoc cref="LeastIoPatience"/>
    public static readonly TimeSpan MostIoPatience = TimeSpan.FromMinutes(1);

    /// <summary>Asynchronous Event Requests outstanding (AERL + 1).</summary>
    public const int MaxEventRequests = 4;

    /// <summary>Entries kept in the error log (ELPE + 1).</summary>
    public const int MaxErrors = 64;

    /// <summary>Copy: ranges (MSRC + 1), blocks in one (MSSRL), and blocks in all (MCL).</summary>
    public const int MaxCopyRanges = 256;

    public const ushort MaxCopyRangeBlocks = 2048;

    public const uint MaxCopyBlocks = 65_536;
}
