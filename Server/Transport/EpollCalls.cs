using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Server.Transport;

/// <summary>Linux' epoll: waiting for thousands of descriptors at once.</summary>
/// <remarks><c>struct epoll_event</c> is a u32 of events and a u64 of ours, packed on x64 and aligned elsewhere.</remarks>
internal static partial class EpollCalls
{
    /// <summary>Something to receive, the end included.</summary>
    public const uint Readable = 0x0001 | Gone;

    /// <summary>The client has closed, or at least its sending half; errors are always told.</summary>
    public const uint Gone = 0x2000;

    private const int CloseOnExec = 0x80000;
    private const int Add = 1;
    private const int Delete = 2;
    private const int CallInterrupted = 4;
    private const int MaxEvents = 64;

    private static readonly int NumberOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    private static int EventBytes => NumberOffset + sizeof(long);

    public static SafeFileHandle Create()
    {
        SafeFileHandle epoll = EpollCreate(CloseOnExec);
        return epoll.IsInvalid ? throw new IOException("no descriptor is left") : epoll;
    }

    /// <summary>False when the descriptor is closed, or the kernel watches as many as it may.</summary>
    public static bool TryAdd(SafeFileHandle epoll, SafeHandle watched, uint events, long number)
    {
        Span<byte> description = stackalloc byte[16];
        MemoryMarshal.Write(description, events);
        MemoryMarshal.Write(description[NumberOffset..], number);
        try
        {
            return EpollControl(epoll, Add, watched, ref MemoryMarshal.GetReference(description)) == 0;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>One that is closed was removed by that.</summary>
    public static void Remove(SafeFileHandle epoll, SafeHandle watched)
    {
        Span<byte> unused = stackalloc byte[16];
        try
        {
            _ = EpollControl(epoll, Delete, watched, ref MemoryMarshal.GetReference(unused));
        }
        catch (ObjectDisposedException)
        {
            // Removed.
        }
    }

    /// <summary>Sleeps until something is ready; returns how many numbers it put into <paramref name="ready"/>.</summary>
    public static int Wait(SafeFileHandle epoll, Span<long> ready)
    {
        Span<byte> events = stackalloc byte[MaxEvents * 16];
        int room = Math.Min(ready.Length, MaxEvents);
        int count;
        do
        {
            count = EpollWait(epoll, ref MemoryMarshal.GetReference(events), room, -1);
        }
        while (count < 0 && Marshal.GetLastPInvokeError() == CallInterrupted);
        for (int i = 0; i < count; i++)
        {
            ready[i] = MemoryMarshal.Read<long>(events[((i * EventBytes) + NumberOffset)..]);
        }

        return Math.Max(0, count);
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial SafeFileHandle EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollControl(SafeFileHandle epoll, int operation, SafeHandle watched, ref byte description);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int EpollWait(SafeFileHandle epoll, ref byte events, int room, int timeoutMs);
}
