namespace BlockEmu.Server.Hosting;

/// <summary>What clients of a disk see while it is off (SEMANTICS 5).</summary>
public enum OffBehaviour
{
    /// <summary>Connections are reset now, and reset again when a client names the disk. NVMe: a host that had the disk is refused
    /// with DNR until it connects anew.</summary>
    Reset,

    /// <summary>Nothing is read or answered, on them and on new connections that name the disk.</summary>
    Hang,

    /// <summary>In-flight and later commands get NBD_ESHUTDOWN, GO gets NBD_REP_ERR_SHUTDOWN. NVMe: a path error with DNR.</summary>
    Error,

    /// <summary>As <see cref="Reset"/>, but an NVMe host may reconnect and carry on: a target that lost its power and a host that did
    /// not, which corrupts file systems by design. NBD clients have no such thing, and are reset.</summary>
    Reconnect,
}
