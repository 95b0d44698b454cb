namespace BlockEmu.Cli.Load;

/// <summary>A connection inside TLS. Sending waits: who mixes reads and writes keeps them within
/// <see cref="MaxMixedBytes"/>, or both sides could wait for each other.</summary>
internal sealed class StreamWire(Stream stream) : ILoadWire
{
    /// <summary>What both sockets' buffers hold for sure.</summary>
    public const int MaxMixedBytes = 64 << 10;

    private const int GatheredBytes = 256 << 10;

    private readonly byte[] _gathered = new byte[GatheredBytes];

    public bool TrySend(SendQueue queue)
    {
        int count = 0;
        nuint sent = 0;
        foreach (SendQueue.Piece piece in queue.Pieces)
        {
            for (ReadOnlySpan<byte> left = piece.Bytes; !left.IsEmpty;)
            {
                int bytes = Math.Min(left.Length, GatheredBytes - count);
                left[..bytes].CopyTo(_gathered.AsSpan(count));
                left = left[bytes..];
                count += bytes;
                count = count == GatheredBytes ? Write(count) : count;
            }

            sent += piece.LengthBytes;
        }

        if (count > 0)
        {
            Write(count);
        }

        queue.Remove(sent);
        return true;
    }

    public int Receive(Span<byte> destination, bool wantsRoom)
    {
        try
        {
            int received = stream.Read(destination);
            return received > 0 ? received : throw new LoadFailedException("the server closed the connection");
        }
        catch (IOException e)
        {
            throw Lost(e);
        }
    }

    private int Write(int count)
    {
        try
        {
            stream.Write(_gathered, 0, count);
            return 0;
        }
        catch (IOException e)
        {
            throw Lost(e);
        }
    }

    private static LoadFailedException Lost(IOException e) => new($"the connection is lost: {e.Message}", e);
}
