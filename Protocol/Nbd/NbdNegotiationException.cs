namespace BlockEmu.Protocol.Nbd;

/// <summary>The server refused an option.</summary>
public sealed class NbdNegotiationException(NbdOption option, NbdOptionReplyType error, string text)
    : IOException($"{option} was refused with {error}: {text}")
{
    /// <summary>What was refused.</summary>
    public NbdOption Option { get; } = option;

    /// <summary>How.</summary>
    public NbdOptionReplyType Error { get; } = error;
}
