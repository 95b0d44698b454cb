namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>Byte 1 of each PDU.</summary>
[Flags]
public enum NvmeTcpPduFlags : byte
{
    None = 0,

    /// <summary><c>HDGSTF</c>: four bytes of digest follow the header.</summary>
    HeaderDigest = 0x01,

    /// <summary><c>DDGSTF</c>: four bytes of digest follow the data.</summary>
    DataDigest = 0x02,

    /// <summary><c>LAST_PDU</c>: the last data of an R2T, or of a command.</summary>
    Last = 0x04,

    /// <summary><c>SUCCESS</c>, C2HData only: the command has succeeded, and no capsule says so.</summary>
    Success = 0x08,
}
