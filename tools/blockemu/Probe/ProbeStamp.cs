using System.Runtime.InteropServices;

namespace BlockEmu.Cli.Probe;

/// <summary>Content that says which write it is of, grain by grain: every 8 bytes hold the write's generation (upper 40 bits)
/// and the grain's number.</summary>
internal static class ProbeStamp
{
    private const int NumberBits = 24;

    /// <summary>Fills whole grains.</summary>
    public static void Fill(Span<byte> range, long offsetBytes, int grainBytes, ulong generation)
    {
        for (int at = 0; at < range.Length; at += grainBytes)
        {
            MemoryMarshal.Cast<byte, ulong>(range.Slice(at, grainBytes)).Fill(WordOf(generation, (offsetBytes + at) / grainBytes));
        }
    }

    /// <summary>The generation of a whole grain; <see langword="null"/> when it is a mixture, or nobody's.</summary>
    public static ulong? Read(ReadOnlySpan<byte> grain, long number)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(grain);
        ulong generation = words[0] >> NumberBits;
        return words.IndexOfAnyExcept(WordOf(generation, number)) < 0 ? generation : null;
    }

    private static ulong WordOf(ulong generation, long number) =>
        (generation << NumberBits) | ((ulong)number & ((1UL << NumberBits) - 1));
}
