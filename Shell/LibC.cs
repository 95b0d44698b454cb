using System.Runtime.InteropServices;

namespace BlockEmu.Shell;

/// <summary>The calls of libc that the base class library has no word for. Constants are Linux's.</summary>
internal static partial class LibC
{
    public const int Interrupted = 4;
    public const int WouldBlock = 11;
    public const int BadDescriptor = 9;
    public const int BrokenPipe = 32;
    public const int GetDescriptorFlags = 1;
    public const int CloseOnExec = 1;
    public const int ReadWrite = 2;
    public const short PollOut = 4;
    public const nint IgnoreSignal = 1;
    public const int DescriptorResource = 7;

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Fcntl(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, in byte source, nuint count);

    /// <summary>Waits for <paramref name="descriptor"/>'s events: a <c>struct pollfd</c>.</summary>
    [LibraryImport("libc", EntryPoint = "poll")]
    public static partial int Poll(ref PollDescriptor descriptor, nuint count, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "signal")]
    public static partial nint Signal(int number, nint handler);

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    public static partial int GetLimit(int resource, ref ulong softAndHard);

    [LibraryImport("libc", EntryPoint = "getpgrp")]
    public static partial int GetProcessGroup();

    [LibraryImport("libc", EntryPoint = "tcgetpgrp")]
    public static partial int GetForegroundGroup(int descriptor);

    [LibraryImport("libc", EntryPoint = "mallopt")]
    public static partial int SetMallocOption(int parameter, int value);

    [LibraryImport("libc", EntryPoint = "isatty")]
    public static partial int IsTerminal(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    public static unsafe partial int Stat(int directory, string path, int flags, uint mask, byte* buffer);

    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }
}
