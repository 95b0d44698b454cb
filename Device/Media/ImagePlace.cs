using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Whether an image that is open is still the file that others find at its path, and as large as its disk.</summary>
/// <param name="path">Where it was opened.</param>
/// <param name="file">The image, open.</param>
/// <param name="sizeBytes">The disk's size.</param>
internal sealed class ImagePlace(string path, SafeFileHandle file, long sizeBytes)
{
    /// <summary>Of what is at the path now.</summary>
    public PlatterStamp Stamp() => LibC.TryStat(path) is { } found
        ? new PlatterStamp(found.Inode, found.ModifiedNanoseconds, found.SizeBytes)
        : default;

    /// <summary>Whether the path leads to the open file.</summary>
    public bool IsInPlace(out string what)
    {
        FileFacts? found = LibC.TryStat(path);
        FileFacts mine = LibC.TryStat(file) ?? throw FileBytes.Error("statx", 0);
        what = found is null ? "it was deleted or moved away" : "something else is in its place";
        return found is { } there && there.Inode == mine.Inode && there.Device == mine.Device;
    }

    /// <summary>Throws <see cref="DeviceIoException"/> unless <see cref="IsInPlace"/>.</summary>
    public void RequireInPlace()
    {
        if (!IsInPlace(out string what))
        {
            throw Lost(what, at: null);
        }
    }

    /// <summary>Throws <see cref="DeviceIoException"/> unless the open file has the disk's size.</summary>
    public void RequireWhole()
    {
        FileFacts mine = LibC.TryStat(file) ?? throw FileBytes.Error("statx", 0);
        if (mine.SizeBytes != sizeBytes)
        {
            throw Lost($"it has {mine.SizeBytes} bytes, the disk {sizeBytes}", at: null);
        }
    }

    /// <summary>Throws <see cref="DeviceIoException"/> unless what is at the path now, which is another file, can be the image.</summary>
    public void RequireFit()
    {
        IsInPlace(out string what);
        FileFacts? found = LibC.TryStat(path);
        if (found is not { IsRegular: true } || found.Value.SizeBytes != sizeBytes)
        {
            string fault = found is null ? ""
                : found.Value.IsRegular ? $", with {found.Value.SizeBytes} bytes; the disk has {sizeBytes}"
                : ", not a regular file";
            throw Lost(what + fault, at: null);
        }
    }

    /// <summary>The error of an image that is not what it was.</summary>
    /// <param name="what">What is wrong.</param>
    /// <param name="at">The first byte that could not be had, where that is known.</param>
    public DeviceIoException Lost(string what, long? at) =>
        new($"the image {path} is not what it was: {what}", LibC.EIO) { IsMediumLost = true, OffsetBytes = at };
}
