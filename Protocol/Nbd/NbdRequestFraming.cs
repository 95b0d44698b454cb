namespace BlockEmu.Protocol.Nbd;

/// <summary>Which of the two request headers goes over the wire: extended, or the compact one.</summary>
public readonly record struct NbdRequestFraming(NbdReplyStyle Replies)
{
    public int SizeBytes => IsExtended ? NbdExtendedRequestHeader.SizeBytes : NbdRequestHeader.SizeBytes;

    private bool IsExtended => Replies == NbdReplyStyle.Extended;

    /// <summary>False when the magic is wrong: the stream has no meaning any more.</summary>
    public bool TryRead(ReadOnlySpan<byte> source, out NbdRequestHeader header) => IsExtended
        ? NbdExtendedRequestHeader.TryRead(source, out header)
        : NbdRequestHeader.TryRead(source, out header);

    /// <summary>Throws <see cref="OverflowException"/> when the compact header can't hold the length.</summary>
    public void Write(Span<byte> destination, in NbdRequestHeader header)
    {
        if (IsExtended)
        {
            NbdExtendedRequestHeader.Write(destination, header);
        }
        else
        {
            header.Write(destination);
        }
    }
}
