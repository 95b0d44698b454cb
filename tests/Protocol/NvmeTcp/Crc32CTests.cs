using System.Text;
using BlockEmu.Protocol.NvmeTcp;

namespace BlockEmu.Protocol.Tests.NvmeTcp;

public sealed class Crc32CTests
{
    public static TheoryData<string, byte[], uint> Vectors() => new()
    {
        // RFC 3720, B.4, and the check value of every CRC catalogue.
        { "nothing", [], 0x00000000 },
        { "123456789", Encoding.ASCII.GetBytes("123456789"), 0xE3069283 },
        { "32 zeroes", new byte[32], 0x8A9136AA },
        { "32 ones", [.. Enumerable.Repeat((byte)0xFF, 32)], 0x62A8AB43 },
        { "counting up", [.. Enumerable.Range(0, 32).Select(i => (byte)i)], 0x46DD794E },
        { "counting down", [.. Enumerable.Range(0, 32).Select(i => (byte)(31 - i))], 0x113FDB5C },
    };

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Published_vectors(string what, byte[] bytes, uint expected) => Assert.True(expected == Crc32C.Compute(bytes), what);

    [Fact]
    public void Every_length_and_every_split_agrees_with_the_bit_by_bit_definition()
    {
        byte[] bytes = new byte[67];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)((i * 89) + 7);
        }

        for (int length = 0; length <= bytes.Length; length++)
        {
            uint expected = ByDefinition(bytes.AsSpan(0, length));
            for (int split = 0; split <= length; split++)
            {
                uint state = Crc32C.Add(Crc32C.Begin, bytes.AsSpan(0, split));
                Assert.Equal(expected, Crc32C.End(Crc32C.Add(state, bytes.AsSpan(split, length - split))));
            }
        }
    }

    [Fact]
    public void A_sealed_header_has_its_digest_behind_it_in_little_endian()
    {
        byte[] bytes = [.. Encoding.ASCII.GetBytes("123456789"), 0, 0, 0, 0];
        Crc32C.Seal(bytes, 9);
        Assert.Equal("839206E3", Convert.ToHexString(bytes.AsSpan(9)));
    }

    private static uint ByDefinition(ReadOnlySpan<byte> bytes)
    {
        uint state = uint.MaxValue;
        foreach (byte value in bytes)
        {
            state ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                state = (state & 1) != 0 ? (state >> 1) ^ 0x82F63B78 : state >> 1;
            }
        }

        return ~state;
    }
}
