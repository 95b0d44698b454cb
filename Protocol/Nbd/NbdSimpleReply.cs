using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The 16-byte answer to a request when nothing richer was negotiated.</summary>
/// <remarks>
/// NBD proto.md, "Simple reply message". All fields are big-endian:
/// <code>
/// offset  size  field
///      0     4  magic 0x67446698
///      4     4  error, 0 = success
///      8     8  cookie of the request
/// </code>
/// A READ's data follows when the error is 0.
/// </remarks>
public readonly record struct NbdSimpleReply(NbdError Error, ulong Cookie)
{
    public const int SizeBytes = 16;

    /// <summary>False when the magic is wrong.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out NbdSimpleReply reply)
    {
        reply = new NbdSimpleReply(
            (NbdError)BinaryPrimitives.ReadUInt32BigEndian(source[4..]),
            BinaryPrimitives.ReadUInt64BigEndian(source[8..]));
        return BinaryPrimitives.ReadUInt32BigEndian(source) == NbdMagic.SimpleReply;
    }

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Cookie);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], (uint)Error);
        BinaryPrimitives.WriteUInt32BigEndian(destination, NbdMagic.SimpleReply);
    }
}
