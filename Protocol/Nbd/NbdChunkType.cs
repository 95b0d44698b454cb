namespace BlockEmu.Protocol.Nbd;

/// <summary>What a chunk carries; errors have bit 15 set (NBD proto.md, "Structured reply types").</summary>
public enum NbdChunkType : ushort
{
    /// <summary><c>NBD_REPLY_TYPE_NONE</c>: nothing; always the last.</summary>
    None = 0,

    /// <summary><c>NBD_REPLY_TYPE_OFFSET_DATA</c>: u64 offset, then at least one byte of data.</summary>
    OffsetData = 1,

    /// <summary><c>NBD_REPLY_TYPE_OFFSET_HOLE</c>: <see cref="NbdOffsetHole"/>.</summary>
    OffsetHole = 2,

    /// <summary><c>NBD_REPLY_TYPE_BLOCK_STATUS</c>: u32 context id, then <see cref="NbdStatusExtent"/>s.</summary>
    BlockStatus = 5,

    /// <summary><c>NBD_REPLY_TYPE_BLOCK_STATUS_EXT</c>: u32 context id, u32 count of extents, then
    /// <see cref="NbdStatusExtent"/>s of 16 bytes; with extended headers only, and instead of the one above.</summary>
    BlockStatusExtended = 6,

    /// <summary><c>NBD_REPLY_TYPE_ERROR</c>: <see cref="NbdErrorChunk"/>.</summary>
    Error = 0x8001,

    /// <summary><c>NBD_REPLY_TYPE_ERROR_OFFSET</c>: <see cref="NbdErrorChunk"/> with an offset.</summary>
    ErrorOffset = 0x8002,
}
