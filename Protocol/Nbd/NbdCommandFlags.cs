namespace BlockEmu.Protocol.Nbd;

/// <summary>How a command wants to be carried out (NBD proto.md, "Command flags").</summary>
[Flags]
public enum NbdCommandFlags : ushort
{
    None = 0,

    /// <summary><c>NBD_CMD_FLAG_FUA</c>: on stable storage before the reply. Valid on every command.</summary>
    Fua = 1 << 0,

    /// <summary><c>NBD_CMD_FLAG_NO_HOLE</c>: WRITE_ZEROES must keep the range provisioned.</summary>
    NoHole = 1 << 1,

    /// <summary><c>NBD_CMD_FLAG_DF</c>: READ in one piece.</summary>
    DontFragment = 1 << 2,

    /// <summary><c>NBD_CMD_FLAG_REQ_ONE</c>: BLOCK_STATUS with one extent.</summary>
    RequestOne = 1 << 3,

    /// <summary><c>NBD_CMD_FLAG_FAST_ZERO</c>: WRITE_ZEROES fast or not at all.</summary>
    FastZero = 1 << 4,

    /// <summary><c>NBD_CMD_FLAG_PAYLOAD_LEN</c>: with extended headers only.</summary>
    PayloadLength = 1 << 5,
}
