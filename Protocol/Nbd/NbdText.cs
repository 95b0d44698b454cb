using System.Text;

namespace BlockEmu.Protocol.Nbd;

/// <summary>Strings as the protocol has them: UTF-8, no NUL, not terminated, at most 4,096 bytes.</summary>
public static class NbdText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>False when it is too long, no UTF-8, or holds a NUL.</summary>
    public static bool IsText(ReadOnlySpan<byte> source) =>
        source.Length <= NbdLimits.MaxStringBytes && !source.Contains((byte)0) && System.Text.Unicode.Utf8.IsValid(source);

    /// <summary>False when it is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out string text)
    {
        text = "";
        if (!IsText(source))
        {
            return false;
        }

        text = Strict.GetString(source);
        return true;
    }

    /// <summary>The bytes of our own text, cut to the limit between two characters.</summary>
    public static byte[] GetBytes(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length <= NbdLimits.MaxStringBytes)
        {
            return bytes;
        }

        int end = NbdLimits.MaxStringBytes;
        while ((bytes[end] & 0xC0) == 0x80)
        {
            end--;
        }

        return bytes[..end];
    }
}
