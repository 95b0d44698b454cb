namespace BlockEmu.Protocol.Nbd;

/// <summary>The numbers by which both sides recognise a message (NBD proto.md, "Values").</summary>
public static class NbdMagic
{
    /// <summary><c>NBDMAGIC</c>: the first eight bytes a server says.</summary>
    public const ulong Init = 0x4e42_444d_4147_4943;

    /// <summary><c>IHAVEOPT</c>: newstyle, and the start of every option request.</summary>
    public const ulong Option = 0x4948_4156_454f_5054;

    /// <summary>The start of every option reply.</summary>
    public const ulong OptionReply = 0x0003_e889_0455_65a9;

    /// <summary><c>NBD_REQUEST_MAGIC</c>.</summary>
    public const uint Request = 0x2560_9513;

    /// <summary><c>NBD_SIMPLE_REPLY_MAGIC</c>.</summary>
    public const uint SimpleReply = 0x6744_6698;

    /// <summary><c>NBD_STRUCTURED_REPLY_MAGIC</c>.</summary>
    public const uint StructuredReply = 0x668e_33ef;

    /// <summary><c>NBD_EXTENDED_REQUEST_MAGIC</c>.</summary>
    public const uint ExtendedRequest = 0x21e4_1c71;

    /// <summary><c>NBD_EXTENDED_REPLY_MAGIC</c>.</summary>
    public const uint ExtendedReply = 0x6e8a_278c;
}
