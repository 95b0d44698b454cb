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
}
