using BlockEmu.Device.Geometry;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Opens (or creates) the image of a file medium. Every refusal names the option and leaves the file as it was.</summary>
internal static class ImageFile
{
    /// <summary>Opens the image for <paramref name="options"/>; throws <see cref="DeviceIoException"/>.</summary>
    /// <returns>The image, locked, its length, and what a killed server had left beside it.</returns>
    public static (SafeFileHandle File, long SizeBytes, RedoFinding Found) Open(DiskOptions options)
    {
        string path = options.FilePath!;
        return LibC.TryStat(path) is null ? Create(options, path) : OpenExisting(options);
    }

    /// <summary>As <see cref="Open"/>, and creates nothing.</summary>
    public static (SafeFileHandle File, long SizeBytes, RedoFinding Found) OpenExisting(DiskOptions options)
    {
        string path = options.FilePath!;
        FileFacts found = LibC.TryStat(path) ?? throw new DeviceIoException($"medium: {path} does not exist");
        if (!found.IsRegular)
        {
            throw new DeviceIoException($"medium: {path} is not a regular file");
        }

        SafeFileHandle file = OpenLocked(path, FileMode.Open, options.IsReadOnly);
        try
        {
            long sizeBytes = JudgeSize(options, path, RandomAccess.GetLength(file));
            RedoFinding left = RedoRecovery.Run(file, path, options.IsReadOnly ? RedoUse.Refuse : RedoUse.Finish);
            if (!options.IsReadOnly)
            {
                Claim(file, path, options);
            }

            return (file, sizeBytes, left);
        }
        catch (DeviceIoException)
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file that is there, or a new one, and locks it. Throws <see cref="DeviceIoException"/>.</summary>
    public static SafeFileHandle OpenLocked(string path, FileMode mode, bool isReadOnly)
    {
        SafeFileHandle file = OpenHandle(path, mode, isReadOnly);
        try
        {
            ImageLock.Take(file, path, isReadOnly);
            return file;
        }
        catch (DeviceIoException)
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What was written down about the image before, under any of its names, is over.</summary>
    private static void Claim(SafeFileHandle file, string path, DiskOptions options)
    {
        if (options.KeepsRedo)
        {
            RedoFile.RequirePlace(file, path);
        }

        ImageMarks.RenewGeneration(file);
        ImageMarks.ForgetRedoPath(file);
    }

    private static (SafeFileHandle File, long SizeBytes, RedoFinding Found) Create(DiskOptions options, string path)
    {
        if (options.SizeBytes == 0 || options.IsReadOnly)
        {
            throw new DeviceIoException(
                options.IsReadOnly
                    ? $"medium: {path} does not exist (a read-only disk is not created)"
                    : $"medium: {path} does not exist; with size=, it would be created");
        }

        SafeFileHandle file = OpenLocked(path, FileMode.CreateNew, isReadOnly: false);
        try
        {
            RandomAccess.SetLength(file, options.SizeBytes);
            RedoFinding left = RedoRecovery.Run(file, path, RedoUse.Finish); // of an image that was here before
            Claim(file, path, options);
            return (file, options.SizeBytes, left);
        }
        catch (DeviceIoException)
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            file.Dispose();
            File.Delete(path);
            throw new DeviceIoException($"medium: {path} cannot be made {options.SizeBytes} bytes long: {e.Message}", LibC.EIO, e);
        }
    }

    private static SafeFileHandle OpenHandle(string path, FileMode mode, bool isReadOnly)
    {
        try
        {
            return File.OpenHandle(
                path, mode, isReadOnly ? FileAccess.Read : FileAccess.ReadWrite, isReadOnly ? FileShare.Read : FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DeviceIoException($"medium: {path} cannot be opened: {e.Message}", LibC.EIO, e);
        }
    }

    private static long JudgeSize(DiskOptions options, string path, long lengthBytes)
    {
        if (options.SizeBytes != 0 && lengthBytes != options.SizeBytes)
        {
            string relation = lengthBytes < options.SizeBytes ? "too small" : "larger";
            throw new DeviceIoException(
                $"medium: {path} is {relation}: it has {lengthBytes} bytes, size= says {options.SizeBytes} (leave size out to use all of it)");
        }

        if (lengthBytes == 0 || lengthBytes % options.BlockSizeBytes != 0)
        {
            throw new DeviceIoException(
                $"medium: {path} has {lengthBytes} bytes, which is no positive multiple of block={options.BlockSizeBytes}");
        }

        return lengthBytes;
    }
}
