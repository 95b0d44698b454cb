namespace BlockEmu.Server.Nvme;

/// <summary>What every subsystem and controller shares.</summary>
/// <param name="Time">Keep Alive, and hours of power.</param>
/// <param name="Logger">Where it is told.</param>
internal sealed record NvmeServices(TimeProvider Time, ILogger Logger)
{
    private volatile bool _isServed;

    /// <summary>Whether hosts can come: there is an endpoint.</summary>
    public bool IsServed
    {
        get => _isServed;
        set => _isServed = value;
    }
}
