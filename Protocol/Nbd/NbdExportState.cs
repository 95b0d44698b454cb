namespace BlockEmu.Protocol.Nbd;

/// <summary>What a name leads to.</summary>
public enum NbdExportState
{
    /// <summary>Nothing.</summary>
    Unknown,

    /// <summary>An export that serves.</summary>
    Ready,

    /// <summary>An export that is off and says so: ERR_SHUTDOWN.</summary>
    ShutDown,

    /// <summary>An export that is off and silent: no answer, ever.</summary>
    Silent,

    /// <summary>An export that is off and resets who names it.</summary>
    Resetting,
}
