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

    /// <summary>A prefix that ends where a flush was accepted, or at one of the two ends.</summary>
    Epoch,

    /// <summary>Each atom by itself, with a probability that depends on its age.</summary>
    Aged,

    /// <summary>The oldest lost, the newest kept, and large commands torn; what a flush in progress covers first.</summary>
    Adversary,

    /// <summary>A list of atoms.</summary>
    Explicit,
}
