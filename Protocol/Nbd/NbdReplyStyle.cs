namespace BlockEmu.Protocol.Nbd;

/// <summary>How requests are answered, as it was negotiated.</summary>
public enum NbdReplyStyle
{
    /// <summary>Simple replies: an error number, and a READ's data.</summary>
    Simple,

    /// <summary>Structured replies (<c>NBD_OPT_STRUCTURED_REPLY</c>): chunks.</summary>
    Structured,

    /// <summary>Extended headers (<c>NBD_OPT_EXTENDED_HEADERS</c>): chunks, and lengths of 64 bits in both directions.</summary>
    Extended,
}
