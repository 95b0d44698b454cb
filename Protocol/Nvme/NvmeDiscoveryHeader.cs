using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nvme;

/// <summary>The header of the Discovery log page, 1,024 bytes, in front of its records (Base 5.16.1.23).</summary>
/// <remarks>Little endian: 7:0 GENCTR, counts changes of the page; 15:8 NUMREC; 17:16 RECFMT 0.</remarks>
public readonly record struct NvmeDiscoveryHeader(ulong Generation, ulong RecordCount)
{
    public const int SizeBytes = 1024;

    public static NvmeDiscoveryHeader Read(ReadOnlySpan<byte> source) =>
        new(BinaryPrimitives.ReadUInt64LittleEndian(source), BinaryPrimitives.ReadUInt64LittleEndian(source[8..]));

    public void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(destination, Generation);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], RecordCount);
    }
}
