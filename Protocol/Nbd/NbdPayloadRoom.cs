namespace BlockEmu.Protocol.Nbd;

/// <summary>What to do with the payload behind a request's header.</summary>
public enum NbdPayloadRoom
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>Receive it whole, then carry the request out.</summary>
    Take,

    /// <summary>Read over it, then answer the error.</summary>
    Drain,

    /// <summary>Too much to read over: close.</summary>
    Close,
}
