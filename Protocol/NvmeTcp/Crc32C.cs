using System.Buffers.Binary;
using System.Numerics;

namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>CRC32C, the digest of NVMe/TCP (3.3.1.1): Castagnoli's polynomial, reflected, started with ones, inverted at the end; on the
/// wire little-endian.</summary>
/// <remarks>A digest over several pieces: <see cref="Begin"/>, <see cref="Add"/> for each, <see cref="End"/>. The runtime has the
/// processor's own instruction behind it where there is one (SSE 4.2, ARMv8 CRC), and a table where not.</remarks>
public static class Crc32C
{
    /// <summary>The state before the first byte.</summary>
    public const uint Begin = uint.MaxValue;

    /// <summary>The digest of one piece.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes) => End(Add(Begin, bytes));

    /// <summary>The state after some more bytes.</summary>
    public static uint Add(uint state, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte value in bytes)
        {
            state = BitOperations.Crc32C(state, value);
        }

        return state;
    }

    /// <summary>The digest of what was added.</summary>
    public static uint End(uint state) => ~state;

    /// <summary>Puts the digest of a header right behind it.</summary>
    public static void Seal(Span<byte> headerAndDigest, int headerBytes) =>
        BinaryPrimitives.WriteUInt32LittleEndian(headerAndDigest[headerBytes..], Compute(headerAndDigest[..headerBytes]));
}
