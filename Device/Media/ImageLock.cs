using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Keeps an image to ourselves: against other servers, whatever their runtime does about locks, against QEMU, which heeds
/// locks of its own kind only, and against loop devices, which heed none and have to be asked.</summary>
/// <remarks>
/// A lock is the open file's and gone with it: <c>flock</c>, and open file description locks as QEMU's (block/file-posix.c). There byte 100 + n
/// stands for a permission that somebody uses, byte 200 + n for one that somebody does not let others use; each such lock is
/// shared, and looked for before one's own counts. n: 0 = read what is consistent, 1 = write, 2 = write what is there
/// already, 3 = resize. To read is let to others (<c>qemu-img info --force-share</c>).
/// </remarks>
internal static class ImageLock
{
    private const int UsedBase = 100;
    private const int KeptBase = 200;
    private static readonly string[] s_permissions = ["read", "write", "write-unchanged", "resize"];
    private static readonly int[] s_usedToRead = [0];
    private static readonly int[] s_usedToWrite = [0, 1];
    private static readonly int[] s_kept = [1, 2, 3];
    private static readonly int[] s_keptToRead = [1, 3];

    /// <summary>Takes it for as long as the file is open. Throws <see cref="DeviceIoException"/>, and names the holder as far as it
    /// is known.</summary>
    /// <param name="file">The image, open.</param>
    /// <param name="path">Where it is.</param>
    /// <param name="isReadOnly">Several may read; nobody writes meanwhile.</param>
    public static void Take(SafeFileHandle file, string path, bool isReadOnly)
    {
        if (LockCalls.Flock(file, (isReadOnly ? LockCalls.LOCK_SH : LockCalls.LOCK_EX) | LockCalls.LOCK_NB) != 0
            && Marshal.GetLastPInvokeError() == LibC.EAGAIN)
        {
            throw InUse(path, "another server, or a program that locks it (flock)");
        }

        TakeAsQemu(file, path, isReadOnly);
        if (LoopHolder.Find(file, path, isReadOnly) is { } loop)
        {
            throw InUse(path, $"{loop}, a loop device (losetup --detach {loop})");
        }
    }

    /// <summary>QEMU's kind, alone: while a disk is off, other programs may open its image. Taken as by <see cref="Take"/>.</summary>
    public static void TakeAsQemu(SafeFileHandle file, string path, bool isReadOnly)
    {
        // There a flock is such a lock of the server's, on all bytes, and would stand in our own way.
        if (LibC.FileSystemOf(file) is LibC.NFS_MAGIC or LibC.CIFS_MAGIC or LibC.SMB2_MAGIC)
        {
            return;
        }

        int[] used = isReadOnly ? s_usedToRead : s_usedToWrite;
        int[] kept = isReadOnly ? s_keptToRead : s_kept;
        if (!used.All(n => Lock(file, UsedBase + n)) || !kept.All(n => Lock(file, KeptBase + n)))
        {
            LetGoAsQemu(file);
            throw InUse(path, "a program that locks bytes of it");
        }

        foreach ((int[] those, int otherBase) in new[] { (used, KeptBase), (kept, UsedBase) })
        {
            int held = Array.FindIndex(those, n => LockCalls.IsHeldByOther(file, otherBase + n));
            if (held >= 0)
            {
                LetGoAsQemu(file);
                string permission = s_permissions[those[held]];
                throw InUse(path, otherBase == KeptBase
                    ? $"QEMU, or a program that locks as it does, and does not let others {permission}"
                    : $"QEMU, or a program that locks as it does, to {permission}");
            }
        }
    }

    /// <summary>Lets QEMU's kind go.</summary>
    public static void LetGoAsQemu(SafeFileHandle file) =>
        _ = LockCalls.SetOwn(file, LockCalls.F_UNLCK, UsedBase, KeptBase + s_permissions.Length - UsedBase);

    /// <summary>True, too, where the host has no such locks.</summary>
    private static bool Lock(SafeFileHandle file, long at) =>
        LockCalls.SetOwn(file, LockCalls.F_RDLCK, at, 1) == 0 || Marshal.GetLastPInvokeError() != LibC.EAGAIN;

    private static DeviceIoException InUse(string path, string by) =>
        new($"medium: {path} cannot be opened: it is in use by {by}", LibC.EAGAIN);
}
