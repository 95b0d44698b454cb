using System.Runtime.InteropServices;
using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device.Randomness;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Clients.Tests.HostFs;

/// <summary>A file whose content its number names.</summary>
internal static partial class HostFile
{
    private const int MaxBytes = 200_000;

    public static void Write(string folder, ulong number, bool sync)
    {
        using SafeFileHandle file = File.OpenHandle(PathOf(folder, number), FileMode.CreateNew, FileAccess.Write);
        RandomAccess.Write(file, ContentOf(number), 0);

        // Not FileStream.Flush(true): it takes EROFS, a journal's way to say that the disk is gone, for a success.
        if (sync && FSync(file) != 0)
        {
            throw new IOException($"fsync: error {Marshal.GetLastPInvokeError()}");
        }
    }

    /// <summary>Whether the file is there, whole.</summary>
    public static bool IsThere(string folder, ulong number) =>
        File.Exists(PathOf(folder, number)) && File.ReadAllBytes(PathOf(folder, number)).AsSpan().SequenceEqual(ContentOf(number));

    private static string PathOf(string folder, ulong number) => Path.Combine(folder, $"file-{number}");

    private static byte[] ContentOf(ulong number)
    {
        byte[] content = new byte[1 + (SplitMix64.Mix(number) % MaxBytes)];
        TempFolder.FillRandom(content, number);
        return content;
    }

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);
}
