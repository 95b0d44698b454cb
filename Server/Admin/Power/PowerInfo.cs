using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Admin.Power;

/// <summary>A disk's power.</summary>
/// <param name="Disk">Its name.</param>
/// <param name="State"><c>on</c>, <c>stopping</c>, <c>off</c>, or <c>failed</c>: on, and its medium is lost.</param>
/// <param name="Clients">While off: what clients see.</param>
/// <param name="Cuts">Cuts since start.</param>
/// <param name="Judged">While off by a cut: false when the medium did not let it be judged.</param>
/// <param name="Reason">Why it has failed, or could not be judged.</param>
public sealed record PowerInfo(string Disk, string State, string? Clients, long Cuts, bool? Judged, string? Reason)
{
    internal static PowerInfo From(DiskControl control)
    {
        Device.Power.PowerState state = control.Disk.PowerState;
        string? failure = control.Disk.Failure;
        return new PowerInfo(
            control.Disk.Name,
            ApiWords.Of(state),
            state is Device.Power.PowerState.On or Device.Power.PowerState.Failed ? null : ApiWords.Of(control.Served.OffBehaviour),
            control.Disk.GetStatistics().Cuts,
            state == Device.Power.PowerState.Off && failure is not null ? false : null,
            failure);
    }
}
