namespace BlockEmu.Server.Nvme;

/// <summary>What every subsystem and controller shares.</summary>
/// <param name="Time">Keep Alive, and hours of power.</param>
/// <param name="Logger">Where it is told.</param>
internal sealed record NvmeServices(TimeProvider Time, ILogger Logger)
{
    private volatile bool _isServed;
    private volatile bool _isStopping;

    /// <summary>Whether hosts can come: there is an endpoint.</summary>
    public bool IsServed
    {
        get => _isServed;
        set => _isServed = value;
    }

    /// <summary>Whether the server lets its hosts go: each connection ends by itself, with what is in flight answered.</summary>
    public bool IsStopping
    {
        get => _isStopping;
        set => _isStopping = value;
    }
}
