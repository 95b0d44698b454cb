using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The data of <c>NBD_OPT_INFO</c> and <c>NBD_OPT_GO</c>: an export and the facts wanted about it.</summary>
/// <remarks>
/// NBD proto.md, "NBD_OPT_INFO". All fields are big-endian:
/// <code>
/// offset  size  field
///      0     4  length of the name, bytes: at most the option's length less 6
///      4     n  name
///    4+n     2  count of information types
///    6+n   2*c  information types
/// </code>
/// </remarks>
public readonly ref struct NbdInfoRequest
{
    private const int FixedBytes = 6;

    private readonly ReadOnlySpan<byte> _types;

    private NbdInfoRequest(string name, ReadOnlySpan<byte> types)
    {
        Name = name;
        _types = types;
    }

    public string Name { get; }

    /// <summary>Whether the client asked for this fact, however often.</summary>
    public bool Wants(NbdInfoType type)
    {
        for (int i = 0; i < _types.Length; i += 2)
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(_types[i..]) == (ushort)type)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>False unless the lengths add up exactly and the name is one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out NbdInfoRequest request)
    {
        request = default;
        if (source.Length < FixedBytes)
        {
            return false;
        }

        uint nameLength = BinaryPrimitives.ReadUInt32BigEndian(source);
        if (nameLength > (uint)(source.Length - FixedBytes))
        {
            return false;
        }

        ReadOnlySpan<byte> types = source[(FixedBytes + (int)nameLength)..];
        int count = BinaryPrimitives.ReadUInt16BigEndian(source[(4 + (int)nameLength)..]);
        if (types.Length != 2 * count || !NbdText.TryRead(source.Slice(4, (int)nameLength), out string name))
        {
            return false;
        }

        request = new NbdInfoRequest(name, types);
        return true;
    }

    /// <summary>The bytes a client sends.</summary>
    public static byte[] Format(string name, ReadOnlySpan<NbdInfoType> types)
    {
        byte[] nameBytes = NbdText.GetBytes(name);
        byte[] data = new byte[FixedBytes + nameBytes.Length + (2 * types.Length)];
        BinaryPrimitives.WriteUInt32BigEndian(data, (uint)nameBytes.Length);
        nameBytes.CopyTo(data, 4);
        Span<byte> rest = data.AsSpan(4 + nameBytes.Length);
        BinaryPrimitives.WriteUInt16BigEndian(rest, checked((ushort)types.Length));
        for (int i = 0; i < types.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest[(2 + (2 * i))..], (ushort)types[i]);
        }

        return data;
    }
}
