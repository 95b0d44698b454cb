using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The 32-byte header in front of every chunk of a reply once extended headers were negotiated.</summary>
/// <remarks>
/// NBD proto.md (extension-ext-header), "Extended reply chunk message". All fields are big-endian:
/// <code>
/// offset  size  field
///      0     4  magic 0x6e8a278c
///      4     2  flags
///      6     2  type
///      8     8  cookie of the request
///     16     8  offset of the request, bytes
///     24     8  length of the payload that follows, bytes
/// </code>
/// </remarks>
public readonly record struct NbdExtendedChunkHeader(
    NbdChunkFlags Flags, NbdChunkType Type, ulong Cookie, ulong OffsetBytes, ulong LengthBytes)
{
    public const int SizeBytes = 32;

    /// <summary>Size of the id and the count in front of a BLOCK_STATUS_EXT chunk's extents.</summary>
    public const int ContextIdAndCountSizeBytes = 8;

    public bool IsDone => (Flags & NbdChunkFlags.Done) != NbdChunkFlags.None;

    /// <summary>False when the magic is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out NbdExtendedChunkHeader header)
    {
        header = new NbdExtendedChunkHeader(
            (NbdChunkFlags)BinaryPrimitives.ReadUInt16BigEndian(source[4..]),
            (NbdChunkType)BinaryPrimitives.ReadUInt16BigEndian(source[6..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[24..]));
        return BinaryPrimitives.ReadUInt32BigEndian(source) == NbdMagic.ExtendedReply;
    }

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], LengthBytes);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], OffsetBytes);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Cookie);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], (ushort)Type);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], (ushort)Flags);
        BinaryPrimitives.WriteUInt32BigEndian(destination, NbdMagic.ExtendedReply);
    }
}
