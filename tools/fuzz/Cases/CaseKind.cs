namespace BlockEmu.Fuzz.Cases;

/// <summary>Which machine a case is said to; as a file's first word. A client does what its plan is.</summary>
public enum CaseKind
{
    /// <summary>What a client sends, from its flags on, to a server without TLS.</summary>
    Server,

    /// <summary>... where TLS is selective. What comes behind a STARTTLS that is accepted counts as sent through TLS.</summary>
    ServerSelective,

    /// <summary>... where TLS is required.</summary>
    ServerRequired,

    /// <summary>What a server sends, from its greeting on, to a client that lists the exports.</summary>
    ClientList,

    /// <summary>... that describes an export, then chooses it with EXPORT_NAME.</summary>
    ClientExportName,

    /// <summary>... that lists and selects contexts.</summary>
    ClientContexts,

    /// <summary>... that chooses an export and has simple replies.</summary>
    ClientSimple,

    /// <summary>... that has structured replies.</summary>
    ClientStructured,

    /// <summary>... that has extended headers.</summary>
    ClientExtended,

    /// <summary>What an NVMe/TCP host sends, from ICReq on.</summary>
    NvmeConnection,

    /// <summary>... on an admin queue, connected and enabled.</summary>
    NvmeAdmin,

    /// <summary>... on an I/O queue.</summary>
    NvmeIo,

    /// <summary>What an NVMe/TCP controller sends, from ICResp on, to a host that reads, writes and flushes.</summary>
    NvmeHost,
}
