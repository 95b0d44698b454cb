namespace BlockEmu.Protocol.Nvme;

/// <summary>Which events a controller can report (OAES, Base 5.17.2.1) and a host wants (feature 0Bh).</summary>
[Flags]
public enum NvmeEventMask : uint
{
    None = 0,

    /// <summary>A critical warning of the health log: a temperature is beyond its threshold.</summary>
    TemperatureThreshold = 1u << 1,
    NamespaceAttribute = 1u << 8,
    DiscoveryLog = 1u << 31,
}
