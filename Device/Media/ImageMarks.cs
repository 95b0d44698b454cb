using System.Text;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>What we note on an image itself, as extended attributes, so that it goes with the file by whatever name it is opened. A file
/// system without them (or one that refuses) has none of it: then the generation is empty.</summary>
internal static class ImageMarks
{
    private const string GenerationName = "user.blockemu.generation";
    private const string RedoName = "user.blockemu.redo";
    private const int MaxBytes = 4096;

    /// <summary>Another one each time we open the image for writing; empty where there is none.</summary>
    public static Guid ReadGeneration(SafeFileHandle image) =>
        Guid.TryParseExact(Read(image, GenerationName), "N", out Guid generation) ? generation : default;

    /// <summary>What was written down before about this image counts for nothing from here on.</summary>
    public static void RenewGeneration(SafeFileHandle image) => Write(image, GenerationName, Guid.NewGuid().ToString("N"));

    /// <summary>Where its redo file is, while there is one; null when none is noted.</summary>
    public static string? ReadRedoPath(SafeFileHandle image) => Read(image, RedoName) is { Length: > 0 } path ? path : null;

    /// <summary>Notes it, so that it is found when the image has another name by then.</summary>
    public static void NoteRedoPath(SafeFileHandle image, string path) => Write(image, RedoName, path);

    /// <summary>There is none any more.</summary>
    public static void ForgetRedoPath(SafeFileHandle image) => _ = AttributeCalls.Remove(image, RedoName);

    private static string Read(SafeFileHandle image, string name)
    {
        byte[] value = new byte[MaxBytes];
        nint bytes = AttributeCalls.Get(image, name, value, value.Length);
        return bytes <= 0 ? "" : Encoding.UTF8.GetString(value, 0, (int)bytes);
    }

    private static void Write(SafeFileHandle image, string name, string text)
    {
        byte[] value = Encoding.UTF8.GetBytes(text);
        if (AttributeCalls.Set(image, name, value, value.Length, 0) != 0)
        {
            _ = AttributeCalls.Remove(image, name); // what was there before would be wrong; usually neither is possible
        }
    }
}
