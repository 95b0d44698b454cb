namespace BlockEmu.Oracle.Bundles;

/// <summary>The loss models a bundle may name.</summary>
public enum LossRuleKind
{
    /// <summary>Nothing pending survives.</summary>
    LoseAll,

    /// <summary>What was acknowledged survives; what was in flight by a fair coin.</summary>
    KeepAll,

    /// <summary>Each atom by its coin.</summary>
    Random,

    /// <summary>Each atom by its coin, with a probability by age.</summary>
    Aged,

    /// <summary>A prefix.</summary>
    Fifo,

    /// <summary>A prefix that ends at a flush.</summary>
    Epoch,

    /// <summary>Chosen to hurt.</summary>
    Adversary,

    /// <summary>A list.</summary>
    Explicit,
}
