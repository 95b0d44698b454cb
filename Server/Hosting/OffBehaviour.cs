namespace BlockEmu.Server.Hosting;

/// <summary>What clients of a disk see while it is off (SEMANTICS 5).</summary>
public enum OffBehaviour
{
    /// <summary>Connections are reset now, and reset again when a client names the disk.</summary>
    Reset,

    /// <summary>Nothing is read or answered, on them and on new connections that name the disk.</summary>
    Hang,

    /// <summary>In-flight and later commands get NBD_ESHUTDOWN, GO gets NBD_REP_ERR_SHUTDOWN.</summary>
    Error,
}
