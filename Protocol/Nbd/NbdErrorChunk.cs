using System.Buffers.Binary;
using System.Text;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The payload of <c>NBD_REPLY_TYPE_ERROR</c> and, with an offset, <c>NBD_REPLY_TYPE_ERROR_OFFSET</c>.</summary>
/// <remarks>
/// NBD proto.md, "Structured reply types". All fields are big-endian:
/// <code>
/// offset  size  field
///      0     4  error, not 0
///      4     2  length of the message, bytes
///      6     n  message, for people
///    6+n     8  offset on the export, bytes: ERROR_OFFSET only
/// </code>
/// </remarks>
public readonly record struct NbdErrorChunk(NbdError Error, string Message, ulong? OffsetBytes)
{
    private const int FixedBytes = 6;

    /// <summary>The type it goes under.</summary>
    public NbdChunkType Type => OffsetBytes is null ? NbdChunkType.Error : NbdChunkType.ErrorOffset;

    /// <summary>The bytes that a message of that many takes at most.</summary>
    public static int MaxSizeBytes(int messageBytes) => FixedBytes + messageBytes + sizeof(ulong);

    /// <summary>False unless the lengths add up exactly, the error is one, and the message is text.</summary>
    public static bool TryRead(NbdChunkType type, ReadOnlySpan<byte> source, out NbdErrorChunk chunk)
    {
        chunk = default;
        int offsetBytes = type == NbdChunkType.ErrorOffset ? sizeof(ulong) : 0;
        if (source.Length < FixedBytes + offsetBytes)
        {
            return false;
        }

        uint error = BinaryPrimitives.ReadUInt32BigEndian(source);
        int messageBytes = BinaryPrimitives.ReadUInt16BigEndian(source[4..]);
        if (error == 0 || FixedBytes + messageBytes + offsetBytes != source.Length
            || !NbdText.TryRead(source.Slice(FixedBytes, messageBytes), out string message))
        {
            return false;
        }

        ulong? offset = offsetBytes == 0 ? null : BinaryPrimitives.ReadUInt64BigEndian(source[(FixedBytes + messageBytes)..]);
        chunk = new NbdErrorChunk((NbdError)error, message, offset);
        return true;
    }

    /// <summary>Returns how many bytes it took. Allocates nothing.</summary>
    public int Write(Span<byte> destination)
    {
        int messageBytes = Encoding.UTF8.GetBytes(Message, destination[FixedBytes..]);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], (ushort)messageBytes);
        BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)Error);
        if (OffsetBytes is not { } offset)
        {
            return FixedBytes + messageBytes;
        }

        BinaryPrimitives.WriteUInt64BigEndian(destination[(FixedBytes + messageBytes)..], offset);
        return FixedBytes + messageBytes + sizeof(ulong);
    }
}
