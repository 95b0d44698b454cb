namespace BlockEmu.Protocol.Nbd;

/// <summary>How far a negotiation is.</summary>
public enum NbdNegotiationOutcome
{
    /// <summary>Send the replies, then feed what was left of the input and more.</summary>
    NeedMore,

    /// <summary>Send the replies; what was left of the input belongs to the transmission phase.</summary>
    Chosen,

    /// <summary>Send the replies, then close: the client said goodbye.</summary>
    Aborted,

    /// <summary>Close now; the reason says why.</summary>
    Dropped,

    /// <summary>The client named an export that is off and silent: answer nothing, read nothing.</summary>
    Silent,
}
