using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The 20-byte header in front of every chunk of a structured reply.</summary>
/// <remarks>
/// NBD proto.md, "Structured reply chunk message". All fields are big-endian:
/// <code>
/// offset  size  field
///      0     4  magic 0x668e33ef
///      4     2  flags
///      6     2  type
///      8     8  cookie of the request
///     16     4  length of the payload that follows, bytes
/// </code>
/// </remarks>
public readonly record struct NbdChunkHeader(NbdChunkFlags Flags, NbdChunkType Type, ulong Cookie, uint LengthBytes)
{
    public const int SizeBytes = 20;

    /// <summary>Size of the offset in front of an OFFSET_DATA chunk's data, and of the id in front of a BLOCK_STATUS chunk's
    /// extents: 8 and 4.</summary>
    public const int DataOffsetSizeBytes = 8;

    /// <inheritdoc cref="DataOffsetSizeBytes"/>
    public const int ContextIdSizeBytes = 4;

    public bool IsDone => (Flags & NbdChunkFlags.Done) != NbdChunkFlags.None;

    /// <summary>False when the magic is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out NbdChunkHeader header)
    {
        header = new NbdChunkHeader(
            (NbdChunkFlags)BinaryPrimitives.ReadUInt16BigEndian(source[4..]),
            (NbdChunkType)BinaryPrimitives.ReadUInt16BigEndian(source[6..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(source[16..]));
        return BinaryPrimitives.ReadUInt32BigEndian(source) == NbdMagic.StructuredReply;
    }

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], LengthBytes);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Cookie);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], (ushort)Type);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], (ushort)Flags);
        BinaryPrimitives.WriteUInt32BigEndian(destination, NbdMagic.StructuredReply);
    }
}
