using System.Numerics;
using System.Runtime.InteropServices;

namespace BlockEmu.Device.Media;

/// <summary>A checksum of a redo file's data: four CRC-32C, each of every fourth 64-bit word, so that the processor need not wait for
/// one word before it takes the next. Words are in the host's order: no other host reads them.</summary>
internal struct RedoSum
{
    /// <summary>What is added is a multiple of this.</summary>
    public const int StrideBytes = 4 * sizeof(ulong);

    private uint _first;
    private uint _second;
    private uint _third;
    private uint _fourth;

    /// <summary>Adds what follows; a whole may be cut at any multiple of <see cref="StrideBytes"/>.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        (uint first, uint second, uint third, uint fourth) = (_first, _second, _third, _fourth);
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        for (int i = 0; i < words.Length - 3; i += 4)
        {
            first = BitOperations.Crc32C(first, words[i]);
            second = BitOperations.Crc32C(second, words[i + 1]);
            third = BitOperations.Crc32C(third, words[i + 2]);
            fourth = BitOperations.Crc32C(fourth, words[i + 3]);
        }

        (_first, _second, _third, _fourth) = (first, second, third, fourth);
    }

    /// <summary>The checksum of the data behind a head: the head's, continued over the four.</summary>
    public readonly uint Behind(uint headChecksum)
    {
        Span<uint> all = [_first, _second, _third, _fourth];
        return RedoHeader.Checksum(headChecksum, MemoryMarshal.AsBytes(all));
    }
}
