using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The 20-byte header in front of every answer to an option.</summary>
/// <remarks>
/// NBD proto.md, "Option haggling". All fields are big-endian:
/// <code>
/// offset  size  field
///      0     8  magic 0x0003e889045565a9
///      8     4  option, as the client sent it
///     12     4  reply type
///     16     4  length of the data that follows, bytes
/// </code>
/// </remarks>
public readonly record struct NbdOptionReplyHeader(NbdOption Option, NbdOptionReplyType Type, uint LengthBytes)
{
    public const int SizeBytes = 20;

    /// <summary>Bit 31 of the type: the option failed.</summary>
    public bool IsError => ((uint)Type & 0x8000_0000) != 0;

    /// <summary>False when the magic is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out NbdOptionReplyHeader header)
    {
        header = new NbdOptionReplyHeader(
            (NbdOption)BinaryPrimitives.ReadUInt32BigEndian(source[8..]),
            (NbdOptionReplyType)BinaryPrimitives.ReadUInt32BigEndian(source[12..]),
            BinaryPrimitives.ReadUInt32BigEndian(source[16..]));
        return BinaryPrimitives.ReadUInt64BigEndian(source) == NbdMagic.OptionReply;
    }

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], (uint)Option);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], (uint)Type);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], LengthBytes);
        BinaryPrimitives.WriteUInt64BigEndian(destination, NbdMagic.OptionReply);
    }
}
