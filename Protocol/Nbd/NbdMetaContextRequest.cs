using System.Buffers.Binary;
using System.Text;

namespace BlockEmu.Protocol.Nbd;

/// <summary>The data of <c>NBD_OPT_LIST_META_CONTEXT</c> and <c>NBD_OPT_SET_META_CONTEXT</c>.</summary>
/// <remarks>
/// NBD proto.md, "NBD_OPT_LIST_META_CONTEXT". All fields are big-endian:
/// <code>
/// offset  size  field
///      0     4  length of the export's name, bytes
///      4     n  name
///    4+n     4  count of queries
///    8+n        for each query: 4  its length, bytes
///                               m  the query
/// </code>
/// </remarks>
public readonly ref struct NbdMetaContextRequest
{
    private readonly ReadOnlySpan<byte> _queries;

    private NbdMetaContextRequest(string name, int queryCount, ReadOnlySpan<byte> queries)
    {
        Name = name;
        QueryCount = queryCount;
        _queries = queries;
    }

    public string Name { get; }

    public int QueryCount { get; }

    /// <summary>False unless the lengths add up exactly and every string is one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out NbdMetaContextRequest request)
    {
        request = default;
        if (!TryTakeString(ref source, out ReadOnlySpan<byte> nameBytes) || !NbdText.TryRead(nameBytes, out string name)
            || source.Length < 4)
        {
            return false;
        }

        uint count = BinaryPrimitives.ReadUInt32BigEndian(source);
        source = source[4..];
        if (count > (uint)source.Length / 4)
        {
            return false;
        }

        ReadOnlySpan<byte> queries = source;
        for (uint i = 0; i < count; i++)
        {
            if (!TryTakeString(ref source, out ReadOnlySpan<byte> query) || !NbdText.IsText(query))
            {
                return false;
            }
        }

        request = new NbdMetaContextRequest(name, (int)count, queries);
        return source.IsEmpty;
    }

    /// <summary>Whether a query asks for a context by its whole name or, if that counts, by its namespace alone
    /// (<c>base:</c>).</summary>
    public bool AsksFor(string context, bool byNamespace)
    {
        ReadOnlySpan<char> wildcard = context.AsSpan(0, context.IndexOf(':', StringComparison.Ordinal) + 1);
        ReadOnlySpan<byte> left = _queries;
        while (TryTakeString(ref left, out ReadOnlySpan<byte> query))
        {
            if (Ascii.Equals(query, context) || (byNamespace && Ascii.Equals(query, wildcard)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The bytes a client sends.</summary>
    public static byte[] Format(string name, ReadOnlySpan<string> queries)
    {
        using var data = new MemoryStream();
        Append(data, name);
        Span<byte> count = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(count, (uint)queries.Length);
        data.Write(count);
        foreach (string query in queries)
        {
            Append(data, query);
        }

        return data.ToArray();
    }

    private static void Append(MemoryStream data, string text)
    {
        byte[] bytes = NbdText.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(length, (uint)bytes.Length);
        data.Write(length);
        data.Write(bytes);
    }

    private static bool TryTakeString(ref ReadOnlySpan<byte> source, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (source.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(source) is var length && length > (uint)(source.Length - 4))
        {
            return false;
        }

        text = source.Slice(4, (int)length);
        source = source[(4 + (int)length)..];
        return true;
    }
}
