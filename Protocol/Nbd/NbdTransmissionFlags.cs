namespace BlockEmu.Protocol.Nbd;

/// <summary>What an export can do (NBD proto.md, "Transmission flags").</summary>
[Flags]
public enum NbdTransmissionFlags : ushort
{
    None = 0,

    /// <summary><c>NBD_FLAG_HAS_FLAGS</c>: always set.</summary>
    HasFlags = 1 << 0,

    /// <summary><c>NBD_FLAG_READ_ONLY</c>.</summary>
    ReadOnly = 1 << 1,

    /// <summary><c>NBD_FLAG_SEND_FLUSH</c>.</summary>
    SendFlush = 1 << 2,

    /// <summary><c>NBD_FLAG_SEND_FUA</c>: then FUA is taken on every command.</summary>
    SendFua = 1 << 3,

    /// <summary><c>NBD_FLAG_ROTATIONAL</c>.</summary>
    Rotational = 1 << 4,

    /// <summary><c>NBD_FLAG_SEND_TRIM</c>.</summary>
    SendTrim = 1 << 5,

    /// <summary><c>NBD_FLAG_SEND_WRITE_ZEROES</c>: NO_HOLE included.</summary>
    SendWriteZeroes = 1 << 6,

    /// <summary><c>NBD_FLAG_SEND_DF</c>: only with structured replies.</summary>
    SendDf = 1 << 7,

    /// <summary><c>NBD_FLAG_CAN_MULTI_CONN</c>: flush and FUA hold across all connections.</summary>
    CanMultiConn = 1 << 8,

    /// <summary><c>NBD_FLAG_SEND_RESIZE</c>: experimental.</summary>
    SendResize = 1 << 9,

    /// <summary><c>NBD_FLAG_SEND_CACHE</c>.</summary>
    SendCache = 1 << 10,

    /// <summary><c>NBD_FLAG_SEND_FAST_ZERO</c>: only beside SEND_WRITE_ZEROES.</summary>
    SendFastZero = 1 << 11,

    /// <summary><c>NBD_FLAG_BLOCK_STATUS_PAYLOAD</c>: only with extended headers and selected contexts.</summary>
    BlockStatusPayload = 1 << 12,
}
