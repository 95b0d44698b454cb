namespace BlockEmu.Protocol.Nbd;

/// <summary>The server refused an option.</summary>
public sealed class NbdNegotiationException(NbdOption option, NbdOptionReplyType error, string text)
    : IOException($"{option} was refused with {error}: {text}{Advice(error)}")
{
    /// <summary>What was refused.</summary>
    public NbdOption Option { get; } = option;

    /// <summary>How.</summary>
    public NbdOptionReplyType Error { get; } = error;

    private static string Advice(NbdOptionReplyType error) =>
        error == NbdOptionReplyType.ErrorTlsRequired ? " (the server wants TLS first: STARTTLS)" : "";
}
