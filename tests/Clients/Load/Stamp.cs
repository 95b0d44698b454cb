using System.Buffers.Binary;
using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>Block content that says who wrote it. Version 0 is a block of zeroes.</summary>
internal static class Stamp
{
    public const ulong Zeroes = 0;

    /// <summary>Fills whole blocks: the version, then bytes that version and place name.</summary>
    public static void Fill(Span<byte> blocks, long firstBlock, int blockBytes, ulong version)
    {
        for (long block = firstBlock; !blocks.IsEmpty; block++, blocks = blocks[blockBytes..])
        {
            Span<byte> one = blocks[..blockBytes];
            if (version == Zeroes)
            {
                one.Clear();
                continue;
            }

            BinaryPrimitives.WriteUInt64LittleEndian(one, version);
            TempFolder.FillRandom(one[sizeof(ulong)..], SplitMix64.Hash(version, (ulong)block));
        }
    }

    /// <summary>Which version a block holds, whole; <see langword="null"/> for a mixture or a stranger's bytes.</summary>
    public static ulong? Read(ReadOnlySpan<byte> block, long number)
    {
        ulong version = BinaryPrimitives.ReadUInt64LittleEndian(block);
        byte[] expected = new byte[block.Length];
        Fill(expected, number, block.Length, version);
        return block.SequenceEqual(expected) ? version : null;
    }
}
