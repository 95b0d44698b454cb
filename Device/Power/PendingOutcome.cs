namespace BlockEmu.Device.Power;

/// <summary>What a cut did to one pending command.</summary>
public enum PendingOutcome
{
    /// <summary>Every pending atom survived.</summary>
    Kept,

    /// <summary>None did.</summary>
    Lost,

    /// <summary>Some atoms survived and some did not.</summary>
    Torn,

    /// <summary>A newer persistent version covers all of it: dead before the cut.</summary>
    Superseded,
}
