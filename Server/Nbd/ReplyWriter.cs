using System.Buffers.Binary;
using System.Text;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Server.Nbd;

/// <summary>Writes replies of the style that was negotiated. Allocates nothing.</summary>
/// <remarks>With structured replies every reply is one, success included: one rule, and errors that say why.</remarks>
internal sealed class ReplyWriter(NbdReplyStyle style)
{
    /// <summary>The most that <see cref="WriteStatus"/> writes.</summary>
    public static readonly int MaxStatusBytes =
        NbdExtendedChunkHeader.SizeBytes + NbdErrorChunk.MaxSizeBytes(NbdRefusal.MaxWhyBytes);

    private static readonly int PowerIsOffBytes =
        NbdExtendedChunkHeader.SizeBytes + NbdErrorChunk.MaxSizeBytes(Encoding.UTF8.GetByteCount(NbdErrors.PowerIsOff.Why));

    private readonly bool _isSimple = style == NbdReplyStyle.Simple;

    /// <summary>The most that <see cref="NbdErrors.PowerIsOff"/> takes.</summary>
    public int RefusedBytes { get; } = style == NbdReplyStyle.Simple ? NbdSimpleReply.SizeBytes : PowerIsOffBytes;

    /// <summary>Size of the header in front of every chunk, or of a simple reply.</summary>
    public int HeaderBytes { get; } = style switch
    {
        NbdReplyStyle.Simple => NbdSimpleReply.SizeBytes,
        NbdReplyStyle.Structured => NbdChunkHeader.SizeBytes,
        _ => NbdExtendedChunkHeader.SizeBytes,
    };

    public bool IsExtended { get; } = style == NbdReplyStyle.Extended;

    /// <summary>What stands in front of a READ's data.</summary>
    public int DataPrefixBytes => HeaderBytes + (_isSimple ? 0 : NbdChunkHeader.DataOffsetSizeBytes);

    /// <summary>Success, or a refusal. Returns how many bytes it took.</summary>
    public int WriteStatus(Span<byte> wire, in BatchedReply reply, in NbdRefusal refusal)
    {
        if (_isSimple)
        {
            new NbdSimpleReply(refusal.Error, reply.Cookie).Write(wire);
            return HeaderBytes;
        }

        if (refusal.Error == NbdError.None)
        {
            return WriteHeader(wire, NbdChunkType.None, reply, 0);
        }

        var error = new NbdErrorChunk(refusal.Error, refusal.Why, refusal.AtBytes);
        int errorBytes = error.Write(wire[HeaderBytes..]);
        return WriteHeader(wire, error.Type, reply, errorBytes) + errorBytes;
    }

    /// <summary>What stands in front of a READ's data. Returns <see cref="DataPrefixBytes"/>.</summary>
    public int WriteDataPrefix(Span<byte> wire, in BatchedReply reply, int dataBytes)
    {
        if (_isSimple)
        {
            new NbdSimpleReply(NbdError.None, reply.Cookie).Write(wire);
            return HeaderBytes;
        }

        WriteHeader(wire, NbdChunkType.OffsetData, reply, NbdChunkHeader.DataOffsetSizeBytes + dataBytes);
        BinaryPrimitives.WriteUInt64BigEndian(wire[HeaderBytes..], reply.OffsetBytes);
        return DataPrefixBytes;
    }

    /// <summary>What stands in front of a piece of a READ's data that is a chunk of its own. Returns
    /// <see cref="DataPrefixBytes"/>.</summary>
    public int WritePiecePrefix(Span<byte> wire, in BatchedReply reply, ulong offsetBytes, int dataBytes, bool isLast)
    {
        WriteHeader(wire, NbdChunkType.OffsetData, reply, NbdChunkHeader.DataOffsetSizeBytes + dataBytes, isLast);
        BinaryPrimitives.WriteUInt64BigEndian(wire[HeaderBytes..], offsetBytes);
        return DataPrefixBytes;
    }

    /// <summary>A READ that is all zero. Not for simple replies.</summary>
    public int WriteHole(Span<byte> wire, in BatchedReply reply, uint lengthBytes)
    {
        new NbdOffsetHole(reply.OffsetBytes, lengthBytes).Write(wire[HeaderBytes..]);
        return WriteHeader(wire, NbdChunkType.OffsetHole, reply, NbdOffsetHole.SizeBytes) + NbdOffsetHole.SizeBytes;
    }

    /// <summary>The header of a chunk whose payload stands behind it. Returns its size.</summary>
    public int WriteHeader(
        Span<byte> wire, NbdChunkType type, in BatchedReply reply, int payloadBytes, bool isDone = true)
    {
        NbdChunkFlags flags = isDone ? NbdChunkFlags.Done : NbdChunkFlags.None;
        if (IsExtended)
        {
            new NbdExtendedChunkHeader(flags, type, reply.Cookie, reply.OffsetBytes, (ulong)payloadBytes).Write(wire);
        }
        else
        {
            new NbdChunkHeader(flags, type, reply.Cookie, (uint)payloadBytes).Write(wire);
        }

        return HeaderBytes;
    }
}
