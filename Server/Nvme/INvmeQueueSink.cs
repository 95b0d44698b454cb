using System.Net;
using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>A queue's connection, as its controller sees it. Calls come from any thread, never under a lock of the controller, and
/// possibly before <see cref="NvmeTarget.Connect"/> has returned the queue.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>None blocks for longer than the connection's own silence grace.</description></item>
/// <item><description>When <see cref="Stop"/> has returned with anything but <see cref="NvmeQueueStop.Close"/>, no success decided
/// before it leaves any more: the answer of a power cut waits for it.</description></item>
/// <item><description><see cref="Stop"/> may come more than once, and after the connection has ended; a stricter one holds.</description></item>
/// </list>
/// </remarks>
internal interface INvmeQueueSink
{
    /// <summary>Where the host is; null when that is not known.</summary>
    IPAddress? Address { get; }

    /// <summary>For how long the host has sent nothing on it; 0 for a second after a command.</summary>
    TimeSpan QuietTime { get; }

    /// <summary>Answers a command that was deferred (<see cref="NvmeAdminAnswer.IsDeferred"/>); SQHD and SQID are the connection's.</summary>
    void Complete(ushort commandId, NvmeStatus status, ulong result);

    /// <summary>Ends the queue's service.</summary>
    void Stop(NvmeQueueStop how);
}
