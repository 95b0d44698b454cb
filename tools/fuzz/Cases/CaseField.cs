using System.Buffers.Binary;

namespace BlockEmu.Fuzz.Cases;

/// <summary>One field of a message as it goes over the wire: a number of 1, 2, 4 or 8 bytes (NBD's are big-endian, NVMe's little-endian),
/// a text, or content.</summary>
public readonly record struct CaseField(byte[] Bytes, bool IsText = false, bool IsLittleEndian = false)
{
    public bool IsNumber => !IsText && Bytes.Length is 1 or 2 or 4 or 8;

    public static CaseField U16(ulong value) => Number(value, 2);

    public static CaseField U32(ulong value) => Number(value, 4);

    public static CaseField U64(ulong value) => Number(value, 8);

    public static CaseField Text(ReadOnlySpan<byte> text) => new(text.ToArray(), IsText: true);

    /// <summary>The low bytes of a number, big-endian.</summary>
    public static CaseField Number(ulong value, int sizeBytes)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return new CaseField(bytes[(8 - sizeBytes)..]);
    }

    /// <summary>The low bytes of a number, little-endian.</summary>
    public static CaseField Little(ulong value, int sizeBytes)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return new CaseField(bytes[..sizeBytes], IsLittleEndian: true);
    }

    /// <summary>Another number of the same shape.</summary>
    public CaseField With(ulong value) => IsLittleEndian ? Little(value, Bytes.Length) : Number(value, Bytes.Length);

    /// <summary>The value of a number.</summary>
    public ulong ToNumber()
    {
        ulong value = 0;
        foreach (byte b in IsLittleEndian ? Enumerable.Reverse(Bytes) : Bytes)
        {
            value = (value << 8) | b;
        }

        return value;
    }
}
