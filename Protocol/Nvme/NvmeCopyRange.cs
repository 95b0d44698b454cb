using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nvme;

/// <summary>One source range of a Copy command, descriptor format 0 (NVM Command Set 3.2.2).</summary>
/// <remarks>
/// Little endian; what is not named belongs to protection information and is 0:
/// <code>
/// offset  size  field
///      8     8  starting LBA
///     16     2  number of logical blocks, 0's based
/// </code>
/// </remarks>
public readonly record struct NvmeCopyRange(ulong StartingLba, int BlockCount)
{
    public const int SizeBytes = 32;

    public static NvmeCopyRange Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(source[8..]), BinaryPrimitives.ReadUInt16LittleEndian(source[16..]) + 1);

    /// <summary>Throws <see cref="OverflowException"/> when the count is not 1 to 65,536.</summary>
    public void Write(Span<byte> destination)
    {
        destination[..SizeBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], StartingLba);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[16..], checked((ushort)(BlockCount - 1)));
    }
}
