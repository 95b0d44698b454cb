namespace BlockEmu.Protocol.Nbd;

/// <summary>The commands of the transmission phase (NBD proto.md, "Request types").</summary>
public enum NbdCommand : ushort
{
    /// <summary><c>NBD_CMD_READ</c>.</summary>
    Read = 0,

    /// <summary><c>NBD_CMD_WRITE</c>: the only one with a payload.</summary>
    Write = 1,

    /// <summary><c>NBD_CMD_DISC</c>: answer what is outstanding, then close; has no reply.</summary>
    Disconnect = 2,

    /// <summary><c>NBD_CMD_FLUSH</c>.</summary>
    Flush = 3,

    /// <summary><c>NBD_CMD_TRIM</c>: a hint.</summary>
    Trim = 4,

    /// <summary><c>NBD_CMD_CACHE</c>: a hint that changes nothing.</summary>
    Cache = 5,

    /// <summary><c>NBD_CMD_WRITE_ZEROES</c>.</summary>
    WriteZeroes = 6,

    /// <summary><c>NBD_CMD_BLOCK_STATUS</c>.</summary>
    BlockStatus = 7,

    /// <summary><c>NBD_CMD_RESIZE</c>: experimental.</summary>
    Resize = 8,
}
