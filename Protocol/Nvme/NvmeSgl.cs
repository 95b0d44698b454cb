using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nvme;

/// <summary>The one data descriptor of a command (Base 4.3.2, "SGL descriptor").</summary>
/// <remarks>
/// Little endian:
/// <code>
/// offset  size  field
///      0     8  address; with subtype "offset" an offset into the capsule's data, bytes
///      8     4  length, bytes
///     12     3  reserved
///     15     1  type (bits 7:4) and subtype (bits 3:0)
/// </code>
/// </remarks>
public readonly record struct NvmeSgl(ulong Address, uint LengthBytes, byte Identifier)
{
    public const int SizeBytes = 16;

    private const byte InCapsuleIdentifier = 0x01;
    private const byte TransportIdentifier = 0x5A;

    /// <summary>Data in the capsule, from its first byte on.</summary>
    public static NvmeSgl InCapsule(uint lengthBytes) => new(0, lengthBytes, InCapsuleIdentifier);

    /// <summary>Data in PDUs of its own; also, with length 0, of a command without data.</summary>
    public static NvmeSgl Transport(uint lengthBytes) => new(0, lengthBytes, TransportIdentifier);

    public NvmeSglKind Kind => Identifier switch
    {
        InCapsuleIdentifier => NvmeSglKind.InCapsule,
        TransportIdentifier => NvmeSglKind.Transport,
        _ => NvmeSglKind.Unknown,
    };

    public static NvmeSgl Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(source), BinaryPrimitives.ReadUInt32LittleEndian(source[8..]), source[15]);

    public void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        destination[15] = Identifier;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], LengthBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(destination, Address);
    }
}
