namespace BlockEmu.Oracle.Bundles;

/// <summary>What the report claims that a cut did to one pending command.</summary>
public enum BundleOutcome
{
    /// <summary>Every live part survived.</summary>
    Kept,

    /// <summary>None did.</summary>
    Lost,

    /// <summary>Some did.</summary>
    Torn,

    /// <summary>Nothing of it was live.</summary>
    Superseded,
}
