namespace BlockEmu.Server.Nvme;

/// <summary>What every subsystem and controller shares.</summary>
/// <param name="Time">Keep Alive, and hours of power.</param>
/// <param name="Logger">Where it is told.</param>
internal sealed record NvmeServices(TimeProvider Time, ILogger Logger);
