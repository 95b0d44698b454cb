using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>Reads what a server answers, chunk by chunk, of the style that was negotiated.</summary>
internal sealed class NbdReplyReader(Stream stream, Func<ulong, NbdReplyBuilder> find)
{
    private const int MagicBytes = 4;
    private const int FirstBytes = 64 << 10;

    public NbdReplyStyle Style { get; set; }

    /// <summary>Reads one simple reply or one chunk and gives it to its request.</summary>
    /// <returns>The request; something may still be missing to it.</returns>
    public NbdReplyBuilder ReadOne()
    {
        byte[] header = new byte[NbdExtendedChunkHeader.SizeBytes];
        stream.ReadExactly(header, 0, MagicBytes);
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(header);
        if (magic == NbdMagic.SimpleReply && Style != NbdReplyStyle.Extended)
        {
            stream.ReadExactly(header, MagicBytes, NbdSimpleReply.SizeBytes - MagicBytes);
            NbdSimpleReply.TryRead(header, out NbdSimpleReply reply);
            return ReadSimple(reply);
        }

        if (magic == NbdMagic.StructuredReply && Style == NbdReplyStyle.Structured)
        {
            stream.ReadExactly(header, MagicBytes, NbdChunkHeader.SizeBytes - MagicBytes);
            NbdChunkHeader.TryRead(header, out NbdChunkHeader chunk);
            return ReadChunk(chunk.Cookie, chunk.Type, chunk.IsDone, chunk.LengthBytes);
        }

        if (magic == NbdMagic.ExtendedReply && Style == NbdReplyStyle.Extended)
        {
            stream.ReadExactly(header, MagicBytes, NbdExtendedChunkHeader.SizeBytes - MagicBytes);
            NbdExtendedChunkHeader.TryRead(header, out NbdExtendedChunkHeader chunk);
            if (find(chunk.Cookie).OffsetBytes != chunk.OffsetBytes)
            {
                throw new InvalidDataException("a reply has another offset than its request");
            }

            return ReadChunk(chunk.Cookie, chunk.Type, chunk.IsDone, chunk.LengthBytes);
        }

        throw new InvalidDataException("a reply does not start with its magic");
    }

    private NbdReplyBuilder ReadSimple(NbdSimpleReply reply)
    {
        NbdReplyBuilder request = find(reply.Cookie);
        if (request.IsRead && Style != NbdReplyStyle.Simple)
        {
            throw new InvalidDataException("a READ has a simple reply although structured ones were negotiated");
        }

        request.FinishSimple(reply.Error, ReadBytes(reply.Error == NbdError.None ? request.ReadLengthBytes : 0));
        return request;
    }

    private NbdReplyBuilder ReadChunk(ulong cookie, NbdChunkType type, bool isDone, ulong lengthBytes)
    {
        NbdReplyBuilder request = find(cookie);
        long maxBytes = request.MaxPayloadBytes(type);
        if (maxBytes < 0 || lengthBytes > (ulong)maxBytes)
        {
            throw new InvalidDataException($"a chunk of type {type} has {lengthBytes} bytes");
        }

        if (type == NbdChunkType.OffsetData)
        {
            ReadData(request, isDone, lengthBytes);
        }
        else
        {
            request.Take(type, isDone, ReadBytes((int)lengthBytes));
        }

        return request;
    }

    /// <summary>Data goes where it belongs, without a buffer of its own.</summary>
    private void ReadData(NbdReplyBuilder request, bool isDone, ulong lengthBytes)
    {
        Span<byte> offset = stackalloc byte[NbdChunkHeader.DataOffsetSizeBytes];
        if (lengthBytes < (ulong)offset.Length)
        {
            throw new InvalidDataException("a data chunk has no offset");
        }

        stream.ReadExactly(offset);
        stream.ReadExactly(
            request.BeginData(BinaryPrimitives.ReadUInt64BigEndian(offset), lengthBytes - (ulong)offset.Length));
        request.EndData(isDone);
    }

    /// <summary>The buffer grows with what has come: a length is only a claim.</summary>
    private byte[] ReadBytes(int count)
    {
        byte[] bytes = new byte[Math.Min(count, FirstBytes)];
        stream.ReadExactly(bytes);
        while (bytes.Length < count)
        {
            int have = bytes.Length;
            Array.Resize(ref bytes, (int)Math.Min(count, 2L * have));
            stream.ReadExactly(bytes.AsSpan(have));
        }

        return bytes;
    }
}
