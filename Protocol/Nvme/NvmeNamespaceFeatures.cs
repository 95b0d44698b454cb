namespace BlockEmu.Protocol.Nvme;

/// <summary>NSFEAT of the NVM command set (NVM Command Set 4.1.5.1, byte 24).</summary>
[Flags]
public enum NvmeNamespaceFeatures : byte
{
    None = 0,

    /// <summary>NSABP: NAWUN, NAWUPF and NACWU are valid.</summary>
    OwnAtomicity = 1 << 1,

    /// <summary>OPTPERF 01b: NPWG, NPWA, NPDG, NPDA and NOWS are valid.</summary>
    OptimalPerformance = 1 << 4,

    /// <summary>MAM: multiple atomicity mode.</summary>
    MultipleAtomicity = 1 << 6,
}
