using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Files beside an image that hold some of its bytes: whoever may not read the image may not read them, at any moment.</summary>
internal static partial class PrivateFile
{
    private const int O_RDWR = 2;
    private const int O_CREAT = 0x40;
    private const int O_EXCL = 0x80;
    private const int O_CLOEXEC = 0x80000;
    private const int OwnerReadWrite = 0x180; // 0600
    private const int ReadWriteForAll = 0x1B6; // 0666
    private const int ForGroup = 0x38; // 0070
    private const uint Same = uint.MaxValue;
    private const string AccessList = "system.posix_acl_access";
    private const int MaxAccessListBytes = 65_536;

    /// <summary>Creates a file that is not there yet, for its owner alone, and then gives it the image's owner, access list and mode.
    /// What of these cannot be given makes it more private, never less. Throws <see cref="DeviceIoException"/>.</summary>
    /// <param name="path">Where; a link that is there already is not followed.</param>
    /// <param name="image">The image, open.</param>
    public static SafeFileHandle Create(string path, SafeFileHandle image)
    {
        SafeFileHandle file = Open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, OwnerReadWrite);
        if (file.IsInvalid)
        {
            int errno = Marshal.GetLastPInvokeError();
            file.Dispose();
            throw new DeviceIoException($"{Marshal.GetPInvokeErrorMessage(errno)} : '{path}'", errno);
        }

        if (LibC.TryStat(image) is { } of)
        {
            Share(file, of, image);
        }

        return file;
    }

    private static void Share(SafeFileHandle file, FileFacts of, SafeFileHandle image)
    {
        int mode = (of.Permissions & ReadWriteForAll) | OwnerReadWrite;
        FileFacts made = LibC.TryStat(file) ?? default;
        if (made.Group != of.Group && ChangeOwner(file, Same, of.Group) != 0)
        {
            mode &= ~ForGroup; // another group would read what the image's does
        }

        if (made.Owner != of.Owner)
        {
            _ = ChangeOwner(file, of.Owner, Same);
        }

        // An access list of the folder's own may have come with its making; the image's says who may, where it has one.
        byte[] list = new byte[MaxAccessListBytes];
        nint bytes = AttributeCalls.Get(image, AccessList, list, list.Length);
        bool isAsImage = bytes > 0
            ? AttributeCalls.Set(file, AccessList, list, bytes, 0) == 0
            : AttributeCalls.Remove(file, AccessList) == 0 || AttributeCalls.Get(file, AccessList, list, list.Length) <= 0;
        _ = ChangeMode(file, isAsImage ? mode : mode & OwnerReadWrite);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fchown")]
    private static partial int ChangeOwner(SafeFileHandle file, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "fchmod")]
    private static partial int ChangeMode(SafeFileHandle file, int mode);
}
