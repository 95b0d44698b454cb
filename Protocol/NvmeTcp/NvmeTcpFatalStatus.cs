namespace BlockEmu.Protocol.NvmeTcp;

/// <summary><c>FES</c>, Fatal Error Status of a TermReq.</summary>
public enum NvmeTcpFatalStatus : ushort
{
    None = 0,

    /// <summary>01h, Invalid PDU Header Field; FEI: the field's byte offset.</summary>
    InvalidHeaderField = 0x01,

    /// <summary>02h, PDU Sequence Error.</summary>
    SequenceError = 0x02,

    /// <summary>03h, Header Digest Error; FEI: the digest as it was received.</summary>
    HeaderDigestError = 0x03,

    /// <summary>04h, Data Transfer Out of Range.</summary>
    DataOutOfRange = 0x04,

    /// <summary>05h: from a host, R2T Limit Exceeded; from a controller, Data Transfer Limit Exceeded.</summary>
    LimitExceeded = 0x05,

    /// <summary>06h, Unsupported Parameter; FEI: the field's byte offset.</summary>
    UnsupportedParameter = 0x06,
}
