using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace BlockEmu.Server.Nbd;

/// <summary>The few socket and file calls that the base class library has no words for; Linux' values.</summary>
internal static partial class SocketCalls
{
    private const short PollIn = 0x0001;
    private const short PollReadHangUp = 0x2000;
    private const nuint IoctlUnsentBytes = 0x894B;
    private const int AtCurrentDirectory = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const uint StatxTypeAndInode = 0x1 | 0x100;
    private const int StatxSizeBytes = 256;
    private const int StatxModeOffset = 28;
    private const int StatxInodeOffset = 32;
    private const int FileTypeMask = 0xF000;
    private const int SocketFileType = 0xC000;

    /// <summary>Sleeps until there is something to receive, the end of the stream included.</summary>
    public static void WaitUntilReadable(Socket socket) => Wait(socket, PollIn);

    /// <summary>Sleeps until the client has gone or the socket was reset; what it sends meanwhile wakes nobody.</summary>
    public static void WaitUntilGone(Socket socket) => Wait(socket, PollReadHangUp);

    /// <summary>Bytes in a TCP socket's queue that have not left yet (<c>SIOCOUTQNSD</c>); 0 where that is not known.</summary>
    public static int CountUnsentBytes(Socket socket)
    {
        bool isHeld = false;
        try
        {
            socket.SafeHandle.DangerousAddRef(ref isHeld);
            return Ioctl((int)socket.SafeHandle.DangerousGetHandle(), IoctlUnsentBytes, out int unsent) == 0 ? unsent : 0;
        }
        catch (ObjectDisposedException)
        {
            return 0;
        }
        finally
        {
            if (isHeld)
            {
                socket.SafeHandle.DangerousRelease();
            }
        }
    }

    /// <summary>What lies at a path: nothing (false), or a file with an inode that is a socket or is none.</summary>
    public static bool TryStat(string path, out bool isSocket, out ulong inode)
    {
        Span<byte> stat = stackalloc byte[StatxSizeBytes];
        ref byte first = ref MemoryMarshal.GetReference(stat);
        bool exists = Statx(AtCurrentDirectory, path, AtSymlinkNoFollow, StatxTypeAndInode, ref first) == 0;
        isSocket = exists && (MemoryMarshal.Read<ushort>(stat[StatxModeOffset..]) & FileTypeMask) == SocketFileType;
        inode = exists ? MemoryMarshal.Read<ulong>(stat[StatxInodeOffset..]) : 0;
        return exists;
    }

    private static void Wait(Socket socket, short events)
    {
        bool isHeld = false;
        try
        {
            // Held, so that the number cannot become another socket's meanwhile; a reset wakes the poll.
            socket.SafeHandle.DangerousAddRef(ref isHeld);
            var poll = new PollDescriptor { Handle = (int)socket.SafeHandle.DangerousGetHandle(), Events = events };
            while (Poll(ref poll, 1, -1) < 0 && Marshal.GetLastPInvokeError() == InterruptedCall)
            {
                // A signal; sleep on.
            }
        }
        finally
        {
            if (isHeld)
            {
                socket.SafeHandle.DangerousRelease();
            }
        }
    }

    private const int InterruptedCall = 4;

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Ioctl(int handle, nuint request, out int value);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, ref byte stat);
}
