using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nvme;

/// <summary>The Namespace Identification Descriptor list, 4,096 bytes (Base 5.17.2.3).</summary>
/// <remarks>
/// Each descriptor: type, length, two zero bytes, value; the list ends at a length of 0:
/// <code>
/// type  length  value
///  02h      16  NGUID, most significant byte first
///  03h      16  UUID, as RFC 9562 has it
///  04h       1  CSI, 0 = NVM command set
/// </code>
/// </remarks>
public readonly record struct NvmeNamespaceDescriptors(UInt128 Nguid, Guid Uuid)
{
    public const int SizeBytes = 4096;

    private const byte NguidType = 2;
    private const byte UuidType = 3;
    private const byte CommandSetType = 4;
    private const int HeaderBytes = 4;
    private const int IdBytes = 16;

    public static NvmeNamespaceDescriptors Read(ReadOnlySpan<byte> source)
    {
        NvmeNamespaceDescriptors read = default;
        while (source.Length > HeaderBytes && source[1] != 0 && HeaderBytes + source[1] <= source.Length)
        {
            ReadOnlySpan<byte> value = source.Slice(HeaderBytes, source[1]);
            read = (source[0], value.Length) switch
            {
                (NguidType, IdBytes) => read with { Nguid = BinaryPrimitives.ReadUInt128BigEndian(value) },
                (UuidType, IdBytes) => read with { Uuid = new Guid(value, bigEndian: true) },
                _ => read,
            };
            source = source[(HeaderBytes + value.Length)..];
        }

        return read;
    }

    public void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        destination[0] = NguidType;
        destination[1] = IdBytes;
        BinaryPrimitives.WriteUInt128BigEndian(destination[HeaderBytes..], Nguid);
        Span<byte> second = destination[(HeaderBytes + IdBytes)..];
        second[0] = UuidType;
        second[1] = IdBytes;
        Uuid.TryWriteBytes(second[HeaderBytes..], bigEndian: true, out _);
        Span<byte> third = second[(HeaderBytes + IdBytes)..];
        third[0] = CommandSetType;
        third[1] = 1;
    }
}
