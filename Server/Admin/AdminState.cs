using BlockEmu.Server.Admin.Problems;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Admin;

/// <summary>Where the server is in its life.</summary>
internal enum AdminPhase
{
    Starting,
    Serving,
    Stopping,
}

/// <summary>What the handlers share.</summary>
internal sealed class AdminState(DiskDirectory disks, TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private volatile AdminPhase _phase;

    public DiskDirectory Disks { get; } = disks;

    public TimeProvider Time { get; } = time;

    public AdminPhase Phase => _phase;

    /// <summary>Ends waits that only time would end.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public void Set(AdminPhase phase)
    {
        _phase = phase;
        if (phase == AdminPhase.Stopping)
        {
            _stopping.Cancel();
        }
    }

    /// <summary>The disk, or 404.</summary>
    public DiskControl Find(string disk) => Disks.Find(disk)
        ?? throw ApiException.Create(StatusCodes.Status404NotFound, $"there is no disk '{disk}'", "disk");

    public void Dispose() => _stopping.Dispose();
}
