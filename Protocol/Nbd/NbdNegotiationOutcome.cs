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

    /// <summary>Throw away what was left of the input and all else that has arrived: it was sent in plaintext by whoever can
    /// write to the wire. Send the replies, shake hands, call <see cref="NbdServerNegotiation.EnterTls"/>, feed what
    /// arrives through TLS.</summary>
    StartTls,

    /// <summary>The client named an export that is off and silent: answer nothing, read nothing.</summary>
    Silent,
}
