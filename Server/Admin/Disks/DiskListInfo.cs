namespace BlockEmu.Server.Admin.Disks;

/// <summary>All disks, the default export first.</summary>
public sealed record DiskListInfo(IReadOnlyList<DiskInfo> Disks);
