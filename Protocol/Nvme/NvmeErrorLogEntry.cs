using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nvme;

/// <summary>One entry of the Error Information log page, 64 bytes, newest first (Base 5.16.1.2).</summary>
/// <remarks>
/// Little endian; what is not named is 0:
/// <code>
/// offset  size  field
///      0     8  error count, from 1; 0 = an empty entry
///      8     2  submission queue
///     10     2  command identifier
///     12     2  status
///     14     2  parameter error location; FFFFh = none
///     16     8  LBA
///     24     4  namespace
///     29     1  TRTYPE, 3 = TCP
/// </code>
/// </remarks>
public readonly record struct NvmeErrorLogEntry(
    ulong Number, ushort QueueId, ushort CommandId, NvmeStatus Status, ulong Lba, uint NamespaceId)
{
    public const int SizeBytes = 64;

    private const ushort NoLocation = 0xFFFF;
    private const byte Tcp = 3;

    public static NvmeErrorLogEntry Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(source),
        BinaryPrimitives.ReadUInt16LittleEndian(source[8..]),
        BinaryPrimitives.ReadUInt16LittleEndian(source[10..]),
        NvmeStatus.FromWire(BinaryPrimitives.ReadUInt16LittleEndian(source[12..])),
        BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[24..]));

    public void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(destination, Number);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], QueueId);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[10..], CommandId);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[12..], Status.ToWire());
        BinaryPrimitives.WriteUInt16LittleEndian(destination[14..], NoLocation);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], Lba);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[24..], NamespaceId);
        destination[29] = Tcp;
    }
}
