using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The 18 bytes with which a newstyle server opens.</summary>
/// <remarks>
/// NBD proto.md, "Newstyle negotiation". All fields are big-endian:
/// <code>
/// offset  size  field
///      0     8  NBDMAGIC 0x4e42444d41474943
///      8     8  IHAVEOPT 0x49484156454f5054
///     16     2  handshake flags
/// </code>
/// The client answers with its flags, 4 bytes.
/// </remarks>
public readonly record struct NbdGreeting(NbdHandshakeFlags Flags)
{
    public const int SizeBytes = 18;

    /// <summary>Size of the client's answer, its <see cref="NbdClientFlags"/>.</summary>
    public const int ClientFlagsSizeBytes = 4;

    /// <summary>False when this is no newstyle server.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out NbdGreeting greeting)
    {
        greeting = new NbdGreeting((NbdHandshakeFlags)BinaryPrimitives.ReadUInt16BigEndian(source[16..18]));
        return BinaryPrimitives.ReadUInt64BigEndian(source) == NbdMagic.Init
            && BinaryPrimitives.ReadUInt64BigEndian(source[8..]) == NbdMagic.Option;
    }

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination[16..18], (ushort)Flags);
        BinaryPrimitives.WriteUInt64BigEndian(destination, NbdMagic.Init);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], NbdMagic.Option);
    }
}
