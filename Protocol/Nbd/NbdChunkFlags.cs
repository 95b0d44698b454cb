namespace BlockEmu.Protocol.Nbd;

/// <summary>Flags of a chunk (NBD proto.md, "Structured reply flags").</summary>
[Flags]
public enum NbdChunkFlags : ushort
{
    None = 0,

    /// <summary><c>NBD_REPLY_FLAG_DONE</c>: the last chunk of this reply.</summary>
    Done = 1 << 0,
}
