namespace BlockEmu.Protocol.Nbd;

/// <summary>What a server makes of TLS; the same for a whole connection (NBD proto.md, "TLS support").</summary>
public enum NbdTlsMode
{
    /// <summary>NOTLS: STARTTLS is refused.</summary>
    Off,

    /// <summary>SELECTIVETLS: whoever wants it gets it, and some exports exist for nobody else.</summary>
    Selective,

    /// <summary>FORCEDTLS: nothing is said before it.</summary>
    Required,
}
