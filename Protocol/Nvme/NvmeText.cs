using System.Text;

namespace BlockEmu.Protocol.Nvme;

/// <summary>Text fields of fixed length: names end at a NUL, old ASCII fields are padded with blanks.</summary>
internal static class NvmeText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Fills a field: the text, cut to its length, then the padding.</summary>
    public static void WritePadded(Span<byte> field, string text, byte padding = (byte)' ')
    {
        field.Fill(padding);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        bytes.AsSpan(0, Math.Min(bytes.Length, field.Length)).CopyTo(field);
    }

    /// <summary>Without blanks and NULs at its end.</summary>
    public static string ReadPadded(ReadOnlySpan<byte> field) => Encoding.UTF8.GetString(field).TrimEnd(' ', '\0');

    /// <summary>A name that ends at its first NUL; null when it has none within <see cref="NvmeNames.MaxNqnBytes"/> bytes, is
    /// empty, or is no UTF-8.</summary>
    public static string? ReadName(ReadOnlySpan<byte> field)
    {
        int length = field[..(NvmeNames.MaxNqnBytes + 1)].IndexOf((byte)0);
        return length <= 0 || !System.Text.Unicode.Utf8.IsValid(field[..length]) ? null : Strict.GetString(field[..length]);
    }

    /// <summary>Throws <see cref="ArgumentException"/> for a name that is too long.</summary>
    public static void WriteName(Span<byte> field, string name)
    {
        if (Encoding.UTF8.GetByteCount(name) > NvmeNames.MaxNqnBytes)
        {
            throw new ArgumentException($"a name of NVMe has at most {NvmeNames.MaxNqnBytes} bytes: {name}", nameof(name));
        }

        WritePadded(field, name, 0);
    }
}
