using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Makes an image whole that no disk has open: what a server does, too, when it opens one.</summary>
public static class ImageRecovery
{
    /// <summary>Finishes what a killed server left half done, and takes the redo file away. Throws <see cref="DeviceIoException"/>:
    /// the image is not there or in use, the host refuses, or another version left it.</summary>
    public static RedoState Run(string imagePath) => Use(imagePath, FileAccess.ReadWrite, RedoUse.Finish);

    /// <summary>Says what <see cref="Run"/> would find, and changes nothing.</summary>
    public static RedoState Look(string imagePath) => Use(imagePath, FileAccess.Read, RedoUse.Look);

    private static RedoState Use(string imagePath, FileAccess access, RedoUse use)
    {
        try
        {
            if (LibC.TryStat(imagePath) is { IsRegular: false })
            {
                throw new DeviceIoException($"{imagePath} is not a regular file");
            }

            using SafeFileHandle image = File.OpenHandle(imagePath, FileMode.Open, access, FileShare.None);
            return RedoRecovery.Run(image, imagePath, use);
        }
        catch (Exception e) when (e is not DeviceIoException and (IOException or UnauthorizedAccessException))
        {
            throw new DeviceIoException($"{imagePath} cannot be opened: {e.Message}", LibC.EIO, e);
        }
    }
}
