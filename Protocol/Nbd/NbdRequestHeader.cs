using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The fixed 28-byte header in front of every transmission-phase request.</summary>
/// <remarks>
/// NBD proto.md, "Request message". All fields are big-endian:
/// <code>
/// offset  size  field
///      0     4  magic 0x25609513
///      4     2  command flags
///      6     2  type
///      8     8  cookie (opaque; echoed in the reply)
///     16     8  offset, bytes
///     24     4  length, bytes
/// </code>
/// A WRITE is followed by its payload.
/// </remarks>
public readonly record struct NbdRequestHeader(
    NbdCommandFlags Flags, NbdCommand Command, ulong Cookie, ulong OffsetBytes, ulong LengthBytes)
{
    public const int SizeBytes = 28;

    /// <summary>False when the magic is wrong: the stream has no meaning any more.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out NbdRequestHeader header)
    {
        header = new NbdRequestHeader(
            (NbdCommandFlags)BinaryPrimitives.ReadUInt16BigEndian(source[4..]),
            (NbdCommand)BinaryPrimitives.ReadUInt16BigEndian(source[6..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[16..]),
            BinaryPrimitives.ReadUInt32BigEndian(source[24..]));
        return BinaryPrimitives.ReadUInt32BigEndian(source) == NbdMagic.Request;
    }

    /// <summary>Throws <see cref="OverflowException"/> when the length needs more than 32 bits.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], (ushort)Flags);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], (ushort)Command);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Cookie);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], OffsetBytes);
        BinaryPrimitives.WriteUInt32BigEndian(destination[24..], checked((uint)LengthBytes));
        BinaryPrimitives.WriteUInt32BigEndian(destination, NbdMagic.Request);
    }
}
