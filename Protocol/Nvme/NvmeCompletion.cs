using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nvme;

/// <summary>A completion queue entry, 16 bytes (Base 3.3.3, "Common Completion Queue Entry").</summary>
/// <remarks>
/// Little endian:
/// <code>
/// offset  size  field
///      0     8  result: DW0 and DW1, the command's own
///      8     2  SQHD; FFFFh while the queue has no flow control
///     10     2  SQID
///     12     2  command identifier, as it came
///     14     2  status, see <see cref="NvmeStatus"/>; bit 0 is the phase tag: 0 in Fabrics
/// </code>
/// </remarks>
public readonly record struct NvmeCompletion(ulong Result, ushort SqHead, ushort SqId, ushort CommandId, NvmeStatus Status)
{
    public const int SizeBytes = 16;

    /// <summary>SQHD of a queue without flow control.</summary>
    public const ushort NoSqHead = 0xFFFF;

    /// <summary>Result's lower half.</summary>
    public uint Dw0 => (uint)Result;

    public static NvmeCompletion Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(source),
        BinaryPrimitives.ReadUInt16LittleEndian(source[8..]),
        BinaryPrimitives.ReadUInt16LittleEndian(source[10..]),
        BinaryPrimitives.ReadUInt16LittleEndian(source[12..]),
        NvmeStatus.FromWire(BinaryPrimitives.ReadUInt16LittleEndian(source[14..])));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(destination[14..], Status.ToWire());
        BinaryPrimitives.WriteUInt64LittleEndian(destination, Result);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], SqHead);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[10..], SqId);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[12..], CommandId);
    }
}
