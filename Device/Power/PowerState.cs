namespace BlockEmu.Device.Power;

/// <summary>SEMANTICS 5.</summary>
public enum PowerState
{
    /// <summary>Commands are carried out.</summary>
    On,

    /// <summary>The disk is stopping: nothing is accepted, what was issued to the medium is awaited.</summary>
    Stopping,

    /// <summary>Off, after a cut or a shutdown.</summary>
    Off,

    /// <summary>On, but what held the platter is not there any more (an image that was truncated, deleted or replaced): every
    /// command fails with <see cref="DiskStatus.MediumError"/> until power on finds a medium that fits.</summary>
    Failed,
}
