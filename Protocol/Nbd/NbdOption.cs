namespace BlockEmu.Protocol.Nbd;

/// <summary>What a client can ask for while haggling (NBD proto.md, "Option types").</summary>
public enum NbdOption : uint
{
    None = 0,

    /// <summary><c>NBD_OPT_EXPORT_NAME</c>: choose; cannot be answered with an error.</summary>
    ExportName = 1,

    /// <summary><c>NBD_OPT_ABORT</c>: goodbye.</summary>
    Abort = 2,

    /// <summary><c>NBD_OPT_LIST</c>: which exports are there.</summary>
    List = 3,

    /// <summary><c>NBD_OPT_PEEK_EXPORT</c>: withdrawn.</summary>
    PeekExport = 4,

    /// <summary><c>NBD_OPT_STARTTLS</c>.</summary>
    StartTls = 5,

    /// <summary><c>NBD_OPT_INFO</c>: describe an export.</summary>
    Info = 6,

    /// <summary><c>NBD_OPT_GO</c>: describe and choose.</summary>
    Go = 7,

    /// <summary><c>NBD_OPT_STRUCTURED_REPLY</c>.</summary>
    StructuredReply = 8,

    /// <summary><c>NBD_OPT_LIST_META_CONTEXT</c>.</summary>
    ListMetaContext = 9,

    /// <summary><c>NBD_OPT_SET_META_CONTEXT</c>.</summary>
    SetMetaContext = 10,

    /// <summary><c>NBD_OPT_EXTENDED_HEADERS</c>.</summary>
    ExtendedHeaders = 11,
}
