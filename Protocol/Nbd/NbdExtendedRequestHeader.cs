using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The fixed 32-byte header in front of every request once extended headers were negotiated.</summary>
/// <remarks>
/// NBD proto.md (extension-ext-header), "Extended request message". All fields are big-endian:
/// <code>
/// offset  size  field
///      0     4  magic 0x21e41c71
///      4     2  command flags
///      6     2  type
///      8     8  cookie (opaque; echoed in the reply)
///     16     8  offset, bytes (echoed in the reply)
///     24     8  length, bytes: the payload's with PAYLOAD_LEN and in a WRITE, else the range's
/// </code>
/// </remarks>
public static class NbdExtendedRequestHeader
{
    public const int SizeBytes = 32;

    /// <summary>False when the magic is wrong: the stream has no meaning any more.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out NbdRequestHeader header)
    {
        header = new NbdRequestHeader(
            (NbdCommandFlags)BinaryPrimitives.ReadUInt16BigEndian(source[4..]),
            (NbdCommand)BinaryPrimitives.ReadUInt16BigEndian(source[6..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[24..]));
        return BinaryPrimitives.ReadUInt32BigEndian(source) == NbdMagic.ExtendedRequest;
    }

    public static void Write(Span<byte> destination, in NbdRequestHeader header)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], header.LengthBytes);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], header.OffsetBytes);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], header.Cookie);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], (ushort)header.Command);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], (ushort)header.Flags);
        BinaryPrimitives.WriteUInt32BigEndian(destination, NbdMagic.ExtendedRequest);
    }
}
