using System.Runtime.InteropServices;

namespace BlockEmu.Server.Transport;

/// <summary>Memory straight from the kernel: a page costs nothing before something is put there, and is gone when it is
/// given back. Linux' values.</summary>
internal static partial class MemoryCalls
{
    private const int ReadWrite = 0x1 | 0x2;
    private const int PrivateAnonymous = 0x2 | 0x20;
    private const nint Failed = -1;

    /// <summary>Zeroes; 0 when the machine has none.</summary>
    public static nint Map(nuint bytes)
    {
        nint address = Map(0, bytes, ReadWrite, PrivateAnonymous, -1, 0);
        return address == Failed ? 0 : address;
    }

    public static void Unmap(nint address, nuint bytes) => _ = UnmapPages(address, bytes);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint hint, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int UnmapPages(nint address, nuint bytes);
}
