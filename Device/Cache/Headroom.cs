using System.Runtime.InteropServices;

namespace BlockEmu.Device.Cache;

/// <summary>Whether the host still has memory for this process beyond what a disk is about to take.</summary>
/// <remarks>A disk that took the last of it would take the server along: a power cut, a request over HTTP, a thread and the runtime's
/// compiler need memory too, and some of them end the process without it. So disks stop growing while there is some left, and
/// answer writes with <see cref="DiskStatus.NoMemory"/>.</remarks>
internal static partial class Headroom
{
    private const long ForTheProcess = 64 << 20;
    private const long MostForACut = 1 << 30;

    private const int ReadWrite = 0x1 | 0x2;
    private const int PrivateAnonymousUncommitted = 0x2 | 0x20 | 0x4000;
    private const nint Failed = -1;

    /// <summary>What a disk leaves to all else: a cut keeps what was pending for the next judgement, beside what it makes of it.</summary>
    /// <param name="cacheBytes">How much can be pending.</param>
    public static long For(long cacheBytes) => ForTheProcess + Math.Min(2 * Math.Min(cacheBytes, MostForACut), MostForACut);

    /// <summary>Asks the host, and takes nothing.</summary>
    public static bool IsThere(long bytes)
    {
        if (bytes == 0)
        {
            return true;
        }

        // Uncommitted: on a host that lends more than it has, this would otherwise be refused for its size alone.
        nint address = Map(0, (nuint)bytes, ReadWrite, PrivateAnonymousUncommitted, -1, 0);
        if (address == Failed)
        {
            return false;
        }

        _ = Unmap(address, (nuint)bytes);
        return true;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint hint, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint bytes);
}
