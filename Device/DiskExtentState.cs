namespace BlockEmu.Device;

/// <summary>How durable the visible version of a block is. The numbers go over the wire and never change.</summary>
public enum DiskExtentState
{
    /// <summary>Nothing is pending, and the platter holds nothing: reads as zero.</summary>
    Hole = 0,

    /// <summary>A power cut leaves it as it is.</summary>
    Persistent = 1,

    /// <summary>Visible and acknowledged, and not persistent: gone, perhaps, if the power goes now.</summary>
    Cached = 2,

    /// <summary>Visible, and not yet acknowledged.</summary>
    InFlight = 3,
}
