namespace BlockEmu.Protocol.Nbd;

/// <summary>One answer to an option, as a client got it.</summary>
public sealed record NbdOptionReply(NbdOptionReplyType Type, byte[] Data)
{
    /// <summary>Bit 31 of the type: the option failed.</summary>
    public bool IsError => ((uint)Type & 0x8000_0000) != 0;

    /// <summary>ACK or an error: nothing more comes for this option.</summary>
    public bool IsFinal => IsError || Type == NbdOptionReplyType.Ack;
}
