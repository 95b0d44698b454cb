using BlockEmu.Device.Geometry;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Opens (or creates) the image of a file medium. Every refusal names the option and leaves the file as it was.</summary>
internal static class ImageFile
{
    /// <summary>Opens the image for <paramref name="options"/>; throws <see cref="DeviceIoException"/>.</summary>
    public static (SafeFileHandle File, long SizeBytes) Open(DiskOptions options)
    {
        string path = options.FilePath!;
        return LibC.TryStat(path) is null ? Create(options, path) : OpenExisting(options);
    }

    /// <summary>As <see cref="Open"/>, and creates nothing.</summary>
    public static (SafeFileHandle File, long SizeBytes) OpenExisting(DiskOptions options)
    {
        string path = options.FilePath!;
        FileFacts found = LibC.TryStat(path) ?? throw new DeviceIoException($"medium: {path} does not exist");
        if (!found.IsRegular)
        {
            throw new DeviceIoException($"medium: {path} is not a regular file");
        }

        SafeFileHandle file = OpenHandle(path, FileMode.Open, options.IsReadOnly);
        try
        {
            long sizeBytes = JudgeSize(options, path, RandomAccess.GetLength(file));
            RedoRecovery.Run(file, path, options.IsReadOnly ? RedoUse.Refuse : RedoUse.Finish);
            if (options.KeepsRedo && !options.IsReadOnly)
            {
                RedoFile.RequirePlace(path);
            }

            return (file, sizeBytes);
        }
        catch (DeviceIoException)
        {
            file.Dispose();
            throw;
        }
    }

    private static (SafeFileHandle File, long SizeBytes) Create(DiskOptions options, string path)
    {
        if (options.SizeBytes == 0 || options.IsReadOnly)
        {
            throw new DeviceIoException(
                options.IsReadOnly
                    ? $"medium: {path} does not exist (a read-only disk is not created)"
                    : $"medium: {path} does not exist; with size=, it would be created");
        }

        if (options.KeepsRedo)
        {
            RedoFile.RequirePlace(path);
        }

        SafeFileHandle file = OpenHandle(path, FileMode.CreateNew, isReadOnly: false);
        try
        {
            RandomAccess.SetLength(file, options.SizeBytes);
            return (file, options.SizeBytes);
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
            // FileShare.None is an exclusive flock: a second server on the same image is refused.
            return File.OpenHandle(path, mode, isReadOnly ? FileAccess.Read : FileAccess.ReadWrite, FileShare.None);
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
