namespace BlockEmu.Protocol.Nbd;

/// <summary>Why a negotiation ends without an answer.</summary>
public enum NbdDropReason
{
    None,

    /// <summary>Client flags that were not offered.</summary>
    UnknownClientFlags,

    /// <summary>An option that does not start with IHAVEOPT.</summary>
    BadOptionMagic,

    /// <summary>More option data than is worth reading over.</summary>
    OptionTooLong,

    /// <summary>EXPORT_NAME with a name that is none; it cannot be answered with an error.</summary>
    BadExportName,

    /// <summary>EXPORT_NAME although extended headers were negotiated.</summary>
    ExportNameForbidden,

    /// <summary>EXPORT_NAME for an export that does not exist.</summary>
    UnknownExport,

    /// <summary>EXPORT_NAME before TLS where nothing is served without.</summary>
    TlsRequired,

    /// <summary>The export is off, and dropping is its answer.</summary>
    ExportOff,

    /// <summary>EXPORT_NAME while the server shuts down.</summary>
    ShuttingDown,
}
