using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>The few calls of the C library a medium needs, with Linux' values.</summary>
internal static unsafe partial class LibC
{
    public const int EIO = 5;
    public const int EINTR = 4;
    public const int ENXIO = 6;
    public const int EAGAIN = 11;
    public const int EEXIST = 17;
    public const int EINVAL = 22;
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

    public const long TMPFS_MAGIC = 0x01021994;
    public const long NFS_MAGIC = 0x6969;
    public const long CIFS_MAGIC = 0xFF534D42;
    public const long SMB2_MAGIC = 0xFE534D42;

    private const int AT_FDCWD = -100;
    private const int AT_EMPTY_PATH = 0x1000;
    private const int AT_SYMLINK_NOFOLLOW = 0x100;
    private const uint STATX_BASIC_STATS = 0x7ff;
    private const uint STATX_BTIME = 0x800;
    private const int StatBytes = 256;
    private const int StatFsBytes = 256;
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

    /// <summary><c>preadv2</c>; with <c>RWF_NOWAIT</c> only what needs no waiting for the host's disk.</summary>
    [LibraryImport("libc", EntryPoint = "preadv2", SetLastError = true)]
    public static partial nint ReadVector(SafeFileHandle file, IoVector* vectors, int count, long offset, int flags);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    public static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(int directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(SafeFileHandle file, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    private static partial int StatFs(SafeFileHandle file, byte* buffer);

    /// <summary>What kind of file system a file is on (<c>struct statfs</c>, f_type); 0 when the host does not say.</summary>
    public static long FileSystemOf(SafeFileHandle file)
    {
        byte* buffer = stackalloc byte[StatFsBytes];
        return StatFs(file, buffer) == 0 ? *(long*)buffer & uint.MaxValue : 0;
    }

    /// <summary>What is at a path: null when nothing is.</summary>
    /// <param name="path">The path.</param>
    /// <param name="followsLink">Whether a symbolic link stands for what it leads to.</param>
    public static FileFacts? TryStat(string path, bool followsLink = true)
    {
        byte* buffer = stackalloc byte[StatBytes];
        return Stat(AT_FDCWD, path, followsLink ? 0 : AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, buffer) == 0 ? ReadFacts(buffer) : null;
    }

    /// <summary>What an open file is; null when the host does not say.</summary>
    public static FileFacts? TryStat(SafeFileHandle file)
    {
        byte* buffer = stackalloc byte[StatBytes];
        return Stat(file, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, buffer) == 0 ? ReadFacts(buffer) : null;
    }

    private static FileFacts ReadFacts(byte* buffer)
    {
        // struct statx: u32 stx_mask at 0, u32 stx_uid at 20, u32 stx_gid at 24, u16 stx_mode at 28, u64 stx_ino at 32, u64 stx_size
        // at 40, u64 stx_blocks (512 bytes each) at 48, stx_btime (s64 seconds, u32 nanoseconds) at 80, stx_mtime at 112, u32
        // stx_dev_major and stx_dev_minor at 136.
        bool knowsBirth = (*(uint*)buffer & STATX_BTIME) != 0;
        return new FileFacts
        {
            IsRegular = (*(ushort*)(buffer + 28) & S_IFMT) == S_IFREG,
            SizeBytes = *(long*)(buffer + 40),
            AllocatedBytes = *(long*)(buffer + 48) * 512,
            Inode = *(ulong*)(buffer + 32),
            Device = ((ulong)*(uint*)(buffer + 136) << 32) | *(uint*)(buffer + 140),
            BirthNanoseconds = knowsBirth ? (*(long*)(buffer + 80) * 1_000_000_000) + *(uint*)(buffer + 88) : 0,
            ModifiedNanoseconds = (*(long*)(buffer + 112) * 1_000_000_000) + *(uint*)(buffer + 120),
            Permissions = *(ushort*)(buffer + 28) & 0xFFF,
            Owner = *(uint*)(buffer + 20),
            Group = *(uint*)(buffer + 24),
        };
    }

    /// <summary>Asks for huge pages (<c>MADV_HUGEPAGE</c>); a host that has none goes on with small ones.</summary>
    public static void AdviseHugePages(nint address, nuint length) => _ = Advise(address, length, AdviceHugePage);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
