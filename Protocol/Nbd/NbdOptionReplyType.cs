namespace BlockEmu.Protocol.Nbd;

/// <summary>What an option reply says; errors have bit 31 set (NBD proto.md, "Option reply types").</summary>
public enum NbdOptionReplyType : uint
{
    None = 0,

    /// <summary><c>NBD_REP_ACK</c>: done.</summary>
    Ack = 1,

    /// <summary><c>NBD_REP_SERVER</c>: one export of a list.</summary>
    Server = 2,

    /// <summary><c>NBD_REP_INFO</c>: one fact about an export.</summary>
    Info = 3,

    /// <summary><c>NBD_REP_META_CONTEXT</c>.</summary>
    MetaContext = 4,

    /// <summary><c>NBD_REP_ERR_UNSUP</c>: the option is not known here.</summary>
    ErrorUnsupported = 0x8000_0001,

    /// <summary><c>NBD_REP_ERR_POLICY</c>: known, and not allowed here.</summary>
    ErrorPolicy = 0x8000_0002,

    /// <summary><c>NBD_REP_ERR_INVALID</c>: badly formed.</summary>
    ErrorInvalid = 0x8000_0003,

    /// <summary><c>NBD_REP_ERR_PLATFORM</c>.</summary>
    ErrorPlatform = 0x8000_0004,

    /// <summary><c>NBD_REP_ERR_TLS_REQD</c>.</summary>
    ErrorTlsRequired = 0x8000_0005,

    /// <summary><c>NBD_REP_ERR_UNKNOWN</c>: no such export.</summary>
    ErrorUnknown = 0x8000_0006,

    /// <summary><c>NBD_REP_ERR_SHUTDOWN</c>: the export (or the server) is going or gone.</summary>
    ErrorShutdown = 0x8000_0007,

    /// <summary><c>NBD_REP_ERR_BLOCK_SIZE_REQD</c>.</summary>
    ErrorBlockSizeRequired = 0x8000_0008,

    /// <summary><c>NBD_REP_ERR_TOO_BIG</c>.</summary>
    ErrorTooBig = 0x8000_0009,

    /// <summary><c>NBD_REP_ERR_EXT_HEADER_REQD</c>.</summary>
    ErrorExtendedHeaderRequired = 0x8000_000a,
}
