namespace BlockEmu.Server.Admin.Disks;

/// <summary>What of a disk can change while it is served.</summary>
/// <param name="OffBehaviour">What clients see while the disk is off unless the move says otherwise:
/// <c>reset</c>, <c>hang</c>, <c>error</c>. At once also for an outage that lasts.</param>
public sealed record DiskChangeRequest(string? OffBehaviour);
