namespace BlockEmu.Protocol.Nvme;

/// <summary>Offsets of controller properties (Base 3.1.4); Fabrics has these and no others here.</summary>
public enum NvmeProperty : uint
{
    /// <summary>CAP, 8 bytes.</summary>
    Capabilities = 0x00,

    /// <summary>VS.</summary>
    Version = 0x08,

    /// <summary>CC, the only one that can be set.</summary>
    Configuration = 0x14,

    /// <summary>CSTS.</summary>
    Status = 0x1C,
}
