using System.Buffers.Binary;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>A block whose content is a number: at its start and at its end; between them are zeroes.</summary>
internal static class BlockContent
{
    /// <summary>What a block holds that shows two halves of different ones.</summary>
    public const ulong Torn = ulong.MaxValue;

    /// <summary>Fills a command's payload.</summary>
    /// <param name="payload">Room that was zero once, and has held nothing but payloads of this block size since.</param>
    /// <param name="command">Whose.</param>
    /// <param name="blockBytes">The block size.</param>
    public static void Fill(Span<byte> payload, in SimulatedCommand command, int blockBytes)
    {
        for (int i = 0; i < command.Count; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(payload[(i * blockBytes)..], command.ContentOf(i));
            BinaryPrimitives.WriteUInt64LittleEndian(payload[(((i + 1) * blockBytes) - sizeof(ulong))..], command.ContentOf(i));
        }
    }

    /// <summary>The content of the block that begins here.</summary>
    public static ulong Read(ReadOnlySpan<byte> bytes, int blockBytes)
    {
        ulong content = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return content == BinaryPrimitives.ReadUInt64LittleEndian(bytes[(blockBytes - sizeof(ulong))..]) ? content : Torn;
    }

    /// <summary>The contents of all blocks.</summary>
    public static ulong[] ReadAll(ReadOnlySpan<byte> bytes, int blockBytes)
    {
        ulong[] contents = new ulong[bytes.Length / blockBytes];
        for (int i = 0; i < contents.Length; i++)
        {
            contents[i] = Read(bytes[(i * blockBytes)..], blockBytes);
        }

        return contents;
    }
}
