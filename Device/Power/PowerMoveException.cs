namespace BlockEmu.Device.Power;

/// <summary>A move that makes no sense in the disk's power state (a second cut, power on while on, recut while on).
/// Nothing was changed.</summary>
public sealed class PowerMoveException(string message, PowerState state) : InvalidOperationException(message)
{
    /// <summary>The state that forbade the move.</summary>
    public PowerState State { get; } = state;
}
