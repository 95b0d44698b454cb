using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Locks that belong to an open file, not to a process.</summary>
internal static partial class LockCalls
{
    public const int LOCK_SH = 1;
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;
    public const short F_RDLCK = 0;
    public const short F_WRLCK = 1;
    public const short F_UNLCK = 2;

    private const int F_OFD_GETLK = 36;
    private const int F_OFD_SETLK = 37;

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(SafeFileHandle file, int operation);

    /// <summary>Sets or lifts a lock on bytes; it does not wait.</summary>
    public static int SetOwn(SafeFileHandle file, short type, long start, long length)
    {
        FileLock range = new() { Type = type, Start = start, Length = length };
        return Control(file, F_OFD_SETLK, ref range);
    }

    /// <summary>Whether anybody else has any lock on a byte.</summary>
    public static bool IsHeldByOther(SafeFileHandle file, long at)
    {
        FileLock range = new() { Type = F_WRLCK, Start = at, Length = 1 };
        return Control(file, F_OFD_GETLK, ref range) == 0 && range.Type != F_UNLCK;
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, ref FileLock range);

    /// <summary><c>struct flock</c> of 64-bit hosts.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int Process;
    }
}
