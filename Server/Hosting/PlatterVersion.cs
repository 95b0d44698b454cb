namespace BlockEmu.Server.Hosting;

/// <summary>Changes whenever a platter may have: by power on, a report (cut or recut), an upload.</summary>
public readonly record struct PlatterVersion(long PowerEpoch, int Reports, long Uploads);
