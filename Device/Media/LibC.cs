using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>The few calls of the C library a medium needs, with Linux' values.</summary>
internal static unsafe partial class LibC
{
    public const int EIO = 5;
    public const int EINTR = 4;
    public const int ENXIO = 6;
    public const int EFBIG = 27;
    public const int ENOSPC = 28;
    public const int EOPNOTSUPP = 95;
    public const int EDQUOT = 122;

    public const int FALLOC_FL_KEEP_SIZE = 0x01;
    public const int FALLOC_FL_PUNCH_HOLE = 0x02;
    public const int FALLOC_FL_ZERO_RANGE = 0x10;
    public const int SEEK_DATA = 3;
    public const int SEEK_HOLE = 4;
    public const int IOV_MAX = 1024;

    private const int AT_FDCWD = -100;
    private const uint STATX_BASIC_STATS = 0x7ff;
    private const int S_IFMT = 0xF000;
    private const int S_IFREG = 0x8000;

    /// <summary><c>struct iovec</c>.</summary>
    public readonly struct IoVector(nint start, nuint length)
    {
        public readonly nint Start = start;
        public readonly nuint Length = length;
    }

    private const int AdviceHugePage = 14;

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int DataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "pwritev", SetLastError = true)]
    public static partial nint WriteVector(SafeFileHandle file, IoVector* vectors, int count, long offset);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(int directory, string path, int flags, uint mask, byte* buffer);

    /// <summary>What is at a path: null when nothing is; else whether it is a regular file, its size and its allocated bytes.</summary>
    public static (bool IsRegular, long SizeBytes, long AllocatedBytes)? TryStat(string path)
    {
        // struct statx: u16 stx_mode at 28, u64 stx_size at 40, u64 stx_blocks (512 bytes each) at 48; 256 bytes in all.
        byte* buffer = stackalloc byte[256];
        if (Stat(AT_FDCWD, path, 0, STATX_BASIC_STATS, buffer) != 0)
        {
            return null;
        }

        bool isRegular = (*(ushort*)(buffer + 28) & S_IFMT) == S_IFREG;
        return (isRegular, *(long*)(buffer + 40), *(long*)(buffer + 48) * 512);
    }

    /// <summary>Asks for huge pages (<c>MADV_HUGEPAGE</c>); a host that has none goes on with small ones.</summary>
    public static void AdviseHugePages(nint address, nuint length) => _ = Advise(address, length, AdviceHugePage);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
