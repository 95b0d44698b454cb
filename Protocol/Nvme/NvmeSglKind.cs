namespace BlockEmu.Protocol.Nvme;

/// <summary>The two data descriptors that NVMe/TCP knows (TCP Transport 3.1.2).</summary>
public enum NvmeSglKind
{
    /// <summary>Something else: <see cref="NvmeStatus.SglTypeInvalid"/>.</summary>
    Unknown = 0,

    /// <summary>Data Block with an offset (byte 15 = 01h): the data lies in the capsule, at that offset.</summary>
    InCapsule,

    /// <summary>Transport Data Block, command data buffer (byte 15 = 5Ah): the data moves in PDUs of its own.</summary>
    Transport,
}
