using System.Buffers.Binary;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Server.Nbd;

/// <summary>Writes replies of the style that was negotiated. Allocates nothing.</summary>
/// <remarks>With structured replies every reply is one, success included: one rule, and errors that say why.</remarks>
internal sealed class ReplyWriter(NbdReplyStyle style)
{
    /// <summary>The most that <see cref="WriteStatus"/> writes.</summary>
    public static readonly int MaxStatusBytes = NbdChunkHeader.SizeBytes + NbdErrorChunk.MaxSizeBytes(NbdRefusal.MaxWhyBytes);

    private readonly bool _isSimple = style == NbdReplyStyle.Simple;

    /// <summary>What stands in front of a READ's data.</summary>
    public int DataPrefixBytes =>
        _isSimple ? NbdSimpleReply.SizeBytes : NbdChunkHeader.SizeBytes + NbdChunkHeader.DataOffsetSizeBytes;

    /// <summary>Success, or a refusal. Returns how many bytes it took.</summary>
    public int WriteStatus(Span<byte> wire, ulong cookie, in NbdRefusal refusal)
    {
        if (_isSimple)
        {
            new NbdSimpleReply(refusal.Error, cookie).Write(wire);
            return NbdSimpleReply.SizeBytes;
        }

        if (refusal.Error == NbdError.None)
        {
            return WriteHeader(wire, NbdChunkType.None, cookie, 0);
        }

        var error = new NbdErrorChunk(refusal.Error, refusal.Why, refusal.AtBytes);
        int errorBytes = error.Write(wire[NbdChunkHeader.SizeBytes..]);
        return WriteHeader(wire, error.Type, cookie, errorBytes) + errorBytes;
    }

    /// <summary>What stands in front of a READ's data. Returns <see cref="DataPrefixBytes"/>.</summary>
    public int WriteDataPrefix(Span<byte> wire, ulong cookie, ulong offsetBytes, int dataBytes)
    {
        if (_isSimple)
        {
            new NbdSimpleReply(NbdError.None, cookie).Write(wire);
            return NbdSimpleReply.SizeBytes;
        }

        int headerBytes = WriteHeader(wire, NbdChunkType.OffsetData, cookie, NbdChunkHeader.DataOffsetSizeBytes + dataBytes);
        BinaryPrimitives.WriteUInt64BigEndian(wire[headerBytes..], offsetBytes);
        return headerBytes + NbdChunkHeader.DataOffsetSizeBytes;
    }

    /// <summary>A READ that is all zero. Not for simple replies.</summary>
    public static int WriteHole(Span<byte> wire, ulong cookie, ulong offsetBytes, uint lengthBytes)
    {
        int headerBytes = WriteHeader(wire, NbdChunkType.OffsetHole, cookie, NbdOffsetHole.SizeBytes);
        new NbdOffsetHole(offsetBytes, lengthBytes).Write(wire[headerBytes..]);
        return headerBytes + NbdOffsetHole.SizeBytes;
    }

    /// <summary>The header of a chunk whose payload is written behind it. Returns its size.</summary>
    public static int WriteHeader(Span<byte> wire, NbdChunkType type, ulong cookie, int payloadBytes, bool isDone = true)
    {
        new NbdChunkHeader(isDone ? NbdChunkFlags.Done : NbdChunkFlags.None, type, cookie, (uint)payloadBytes).Write(wire);
        return NbdChunkHeader.SizeBytes;
    }
}
