namespace BlockEmu.Device.Power;

/// <summary>Which pending atoms survive a cut (SEMANTICS 4).</summary>
public enum LossModelKind
{
    /// <summary>Nothing pending survives.</summary>
    LoseAll,

    /// <summary>Every acknowledged pending atom survives; each in-flight one by a fair coin.</summary>
    KeepAll,

    /// <summary>Each atom by itself with a probability.</summary>
    Random,

    /// <summary>The platter is a prefix: pending atoms up to a drawn position.</summary>
    Fifo,

    /// <summary>A list of atoms.</summary>
    Explicit,
}
