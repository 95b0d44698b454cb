namespace BlockEmu.Protocol.Tests.Nvme;

/// <summary>Looks at a structure's bytes by the offsets of the specification.</summary>
internal static class Bytes
{
    /// <summary>Writes a structure.</summary>
    public delegate void Writer(Span<byte> destination);

    /// <summary>What a structure writes over garbage of its size.</summary>
    public static byte[] Of(int sizeBytes, Writer write)
    {
        byte[] bytes = new byte[sizeBytes];
        bytes.AsSpan().Fill(0xEE);
        write(bytes);
        return bytes;
    }

    /// <summary>The bytes of a field, as the hex of a dump.</summary>
    public static string At(this byte[] bytes, int offset, int size) => Convert.ToHexString(bytes, offset, size);

    /// <summary>Every byte outside the fields named is zero: (offset, size) each.</summary>
    public static void IsZeroOutside(this byte[] bytes, params (int Offset, int Size)[] fields)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            bool isNamed = fields.Any(f => i >= f.Offset && i < f.Offset + f.Size);
            Assert.True(isNamed || bytes[i] == 0, $"byte {i} is {bytes[i]:X2}h");
        }
    }
}
