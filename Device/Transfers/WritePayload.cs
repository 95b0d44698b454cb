namespace BlockEmu.Device.Transfers;

/// <summary>A write's bytes: in one piece, or in the pages of a stock; nothing for zeroes and trims.</summary>
internal readonly ref struct WritePayload
{
    public WritePayload(ReadOnlySpan<byte> bytes)
    {
        Bytes = bytes;
        LengthBytes = bytes.Length;
    }

    public WritePayload(WriteStock stock, int lengthBytes)
    {
        Stock = stock;
        LengthBytes = lengthBytes;
    }

    public ReadOnlySpan<byte> Bytes { get; }

    public WriteStock? Stock { get; }

    public int LengthBytes { get; }

    public static implicit operator WritePayload(ReadOnlySpan<byte> bytes) => new(bytes);

    /// <summary>All of it in one piece; a copy if it lies in pages.</summary>
    public ReadOnlySpan<byte> Gather(long offsetBytes)
    {
        if (Stock is null)
        {
            return Bytes;
        }

        byte[] whole = new byte[LengthBytes];
        Span<PageSegment> segment = stackalloc PageSegment[1];
        for (int done = 0; done < LengthBytes; done += segment[0].LengthBytes)
        {
            Stock.GetRoom(offsetBytes, LengthBytes, done, segment);
            segment[0].Bytes.CopyTo(whole.AsSpan(done));
        }

        return whole;
    }
}
