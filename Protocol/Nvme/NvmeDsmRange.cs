using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nvme;

/// <summary>One range of a Dataset Management command (NVM Command Set 3.2.3).</summary>
/// <remarks>
/// Little endian:
/// <code>
/// offset  size  field
///      0     4  context attributes: hints, ignored here, written as 0
///      4     4  length, logical blocks, not 0's based: 0 is an empty range
///      8     8  starting LBA
/// </code>
/// </remarks>
public readonly record struct NvmeDsmRange(ulong StartingLba, uint BlockCount)
{
    public const int SizeBytes = 16;

    public static NvmeDsmRange Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(source[8..]), BinaryPrimitives.ReadUInt32LittleEndian(source[4..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], StartingLba);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], BlockCount);
        BinaryPrimitives.WriteUInt32LittleEndian(destination, 0);
    }
}
