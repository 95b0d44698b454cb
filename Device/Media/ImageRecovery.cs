using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Makes an image whole that no disk has open: what a server does, too, when it opens one.</summary>
public static class ImageRecovery
{
    /// <summary>Finishes what a killed server left half done, and takes the redo file away; one that does not count is put aside. Throws
    /// <see cref="DeviceIoException"/>: the image is not there or in use, the host refuses, or another version left it.</summary>
    public static RedoFinding Run(string imagePath) => Use(imagePath, isReadOnly: false, RedoUse.Finish);

    /// <summary>Says what <see cref="Run"/> would find, and changes nothing.</summary>
    public static RedoFinding Look(string imagePath) => Use(imagePath, isReadOnly: true, RedoUse.Look);

    private static RedoFinding Use(string imagePath, bool isReadOnly, RedoUse use)
    {
        if (LibC.TryStat(imagePath) is { IsRegular: false })
        {
            throw new DeviceIoException($"{imagePath} is not a regular file");
        }

        using SafeFileHandle image = ImageFile.OpenLocked(imagePath, FileMode.Open, isReadOnly);
        RedoFinding finding = RedoRecovery.Run(image, imagePath, use);
        if (use == RedoUse.Finish)
        {
            ImageMarks.RenewGeneration(image);
            ImageMarks.ForgetRedoPath(image);
        }

        return finding;
    }
}
