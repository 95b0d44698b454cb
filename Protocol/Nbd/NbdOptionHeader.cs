using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The 16-byte header in front of every option a client sends.</summary>
/// <remarks>
/// NBD proto.md, "Option haggling". All fields are big-endian:
/// <code>
/// offset  size  field
///      0     8  magic IHAVEOPT 0x49484156454f5054
///      8     4  option
///     12     4  length of the data that follows, bytes
/// </code>
/// </remarks>
public readonly record struct NbdOptionHeader(NbdOption Option, uint LengthBytes)
{
    public const int SizeBytes = 16;

    /// <summary>False when the magic is wrong: the stream has no meaning any more.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out NbdOptionHeader header)
    {
        header = new NbdOptionHeader(
            (NbdOption)BinaryPrimitives.ReadUInt32BigEndian(source[8..]),
            BinaryPrimitives.ReadUInt32BigEndian(source[12..]));
        return BinaryPrimitives.ReadUInt64BigEndian(source) == NbdMagic.Option;
    }

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination[8..], (uint)Option);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], LengthBytes);
        BinaryPrimitives.WriteUInt64BigEndian(destination, NbdMagic.Option);
    }
}
