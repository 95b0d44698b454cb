using System.Collections.Concurrent;
using System.Net;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Tests.Nvme;

/// <summary>A connection that only remembers what its controller did with it.</summary>
internal sealed class RecordedQueue : INvmeQueueSink
{
    public ConcurrentQueue<(ushort CommandId, NvmeStatus Status, ulong Result)> Completed { get; } = new();

    public ConcurrentQueue<NvmeQueueStop> Stopped { get; } = new();

    public IPAddress? Address { get; init; }

    public TimeSpan QuietTime { get; set; }

    public void Complete(ushort commandId, NvmeStatus status, ulong result) => Completed.Enqueue((commandId, status, result));

    public void Stop(NvmeQueueStop how) => Stopped.Enqueue(how);
}
