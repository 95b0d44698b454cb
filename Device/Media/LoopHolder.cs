using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Finds the loop device that has an image under it: it writes what its users write, and heeds no lock.</summary>
internal static class LoopHolder
{
    private const string BlockDevices = "/sys/block";
    private const string Deleted = " (deleted)";

    /// <summary>Its name, as <c>/dev/loop0</c>; null when none is known.</summary>
    /// <param name="image">The image, open.</param>
    /// <param name="imagePath">Where it is.</param>
    /// <param name="maySharedRead">Whether one that only reads is none.</param>
    public static string? Find(SafeFileHandle image, string imagePath, bool maySharedRead)
    {
        try
        {
            FileFacts? here = LibC.TryStat(image);
            string? folder = Directory.Exists(BlockDevices)
                ? Directory.EnumerateDirectories(BlockDevices, "loop*").Order(StringComparer.Ordinal).FirstOrDefault(IsHolder)
                : null;
            return folder is null ? null : "/dev/" + Path.GetFileName(folder);

            bool IsHolder(string folder) =>
                Read(folder, "loop/backing_file") is { Length: > 0 } backing
                && IsSame(backing, here, imagePath)
                && !(maySharedRead && Read(folder, "ro") == "1");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // this host shows nobody its devices
        }
    }

    /// <summary>The kernel tells the path by which it was attached, seen from the root of its file systems.</summary>
    private static bool IsSame(string backing, FileFacts? here, string imagePath)
    {
        string path = backing.EndsWith(Deleted, StringComparison.Ordinal) && !File.Exists(backing) ? backing[..^Deleted.Length] : backing;
        return LibC.TryStat(path) is { } there && here is not null
            ? (there.Inode, there.Device, there.BirthNanoseconds) == (here.Value.Inode, here.Value.Device, here.Value.BirthNanoseconds)
            : path == Path.GetFullPath(imagePath);
    }

    private static string Read(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        return File.Exists(path) ? File.ReadAllText(path).TrimEnd('\n') : "";
    }
}
