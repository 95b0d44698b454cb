using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Admin.Disks;

/// <summary>One connection that has a disk open.</summary>
/// <param name="FrontEnd"><c>nbd</c> or <c>nvme</c>.</param>
/// <param name="Address">Where the client is: <c>ADDRESS:PORT</c>, or <c>unix</c>; absent where it is not known.</param>
/// <param name="ConnectedAt">Since when it is connected.</param>
/// <param name="AgeSeconds">For how long that has been.</param>
public sealed record OpenConnectionInfo(string FrontEnd, string? Address, DateTimeOffset ConnectedAt, long AgeSeconds)
{
    /// <summary>How many a disk shows at most.</summary>
    public const int MaxShown = 64;

    internal static IReadOnlyList<OpenConnectionInfo> From(DiskControl control)
    {
        DateTimeOffset now = control.Time.GetUtcNow();
        return [.. control.Served.Meter.ListOldest(MaxShown).Select(m => new OpenConnectionInfo(
            m.FrontEnd, m.Origin!.Address, m.Origin.ConnectedAt, Math.Max(0, (long)(now - m.Origin.ConnectedAt).TotalSeconds)))];
    }

    /// <summary>As a person reads it.</summary>
    internal string Describe() => $"{FrontEnd} from {Address ?? "somewhere"} for {TimeSpan.FromSeconds(AgeSeconds):c}";
}
