using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Admin.Power;

/// <summary>A disk's power.</summary>
/// <param name="Disk">Its name.</param>
/// <param name="State"><c>on</c>, <c>stopping</c> or <c>off</c>.</param>
/// <param name="Clients">While off: what clients see.</param>
/// <param name="Cuts">Cuts since start.</param>
public sealed record PowerInfo(string Disk, string State, string? Clients, long Cuts)
{
    internal static PowerInfo From(DiskControl control)
    {
        Device.Power.PowerState state = control.Disk.PowerState;
        return new PowerInfo(
            control.Disk.Name,
            ApiWords.Of(state),
            state == Device.Power.PowerState.On ? null : ApiWords.Of(control.Served.OffBehaviour),
            control.Disk.GetStatistics().Cuts);
    }
}
