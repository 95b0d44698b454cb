using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace BlockEmu.Server.Transport;

/// <summary>The few socket and file calls that the base class library has no words for; Linux' values.</summary>
internal static partial class SocketCalls
{
    private const short PollIn = 0x0001;
    private const short PollOut = 0x0004;
    private const short PollReadHangUp = 0x2000;
    private const int SendNoSignal = 0x4000;
    private const int TryAgain = 11;
    private const int InterruptedCall = 4;
    private const int GetStatusFlags = 3;
    private const int NonBlocking = 0x800;
    private const nuint IoctlUnsentBytes = 0x894B;
    private const int AtCurrentDirectory = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const uint StatxTypeAndInode = 0x1 | 0x100;
    private const int StatxSizeBytes = 256;
    private const int StatxModeOffset = 28;
    private const int StatxInodeOffset = 32;
    private const int FileTypeMask = 0xF000;
    private const int SocketFileType = 0xC000;

    /// <summary>Sleeps until there is something to receive, the end of the stream included; false when that takes longer
    /// (-1 ms = for ever).</summary>
    public static bool WaitUntilReadable(Socket socket, int patienceMs) => Wait(socket, PollIn, patienceMs);

    public static bool WaitUntilWritable(Socket socket, int patienceMs) => Wait(socket, PollOut, patienceMs);

    /// <summary>Sleeps until the client has gone or the socket was reset; what it sends meanwhile wakes nobody.</summary>
    public static void WaitUntilGone(Socket socket) => Wait(socket, PollReadHangUp, -1);

    public static bool IsBlocking(Socket socket) => (Fcntl(socket.SafeHandle, GetStatusFlags, 0) & NonBlocking) == 0;

    /// <summary>Takes what has arrived. 0 bytes: nothing (<paramref name="isAgain"/>), or the end. Throws
    /// <see cref="ObjectDisposedException"/> when the socket is closed.</summary>
    public static int Receive(SafeHandle socket, Span<byte> destination, out bool isAgain)
    {
        nint bytes;
        do
        {
            bytes = Receive(socket, ref MemoryMarshal.GetReference(destination), (nuint)destination.Length, 0);
        }
        while (IsInterrupted(bytes));
        return Judge(bytes, out isAgain);
    }

    /// <summary>Sends some of it. 0 bytes: no room (<paramref name="isAgain"/>), or the client has gone. Throws as
    /// <see cref="Receive(SafeHandle, Span{byte}, out bool)"/>.</summary>
    public static int Send(SafeHandle socket, ReadOnlySpan<byte> source, out bool isAgain)
    {
        nint bytes;
        do
        {
            bytes = Send(socket, in MemoryMarshal.GetReference(source), (nuint)source.Length, SendNoSignal);
        }
        while (IsInterrupted(bytes));
        return Judge(bytes, out isAgain);
    }

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

    private static bool Wait(Socket socket, short events, int patienceMs)
    {
        bool isHeld = false;
        try
        {
            // Held, so that the number cannot become another socket's meanwhile; a reset wakes the poll.
            socket.SafeHandle.DangerousAddRef(ref isHeld);
            var poll = new PollDescriptor { Handle = (int)socket.SafeHandle.DangerousGetHandle(), Events = events };
            int ready;
            do
            {
                ready = Poll(ref poll, 1, patienceMs);
            }
            while (ready < 0 && Marshal.GetLastPInvokeError() == InterruptedCall);
            return ready != 0;
        }
        finally
        {
            if (isHeld)
            {
                socket.SafeHandle.DangerousRelease();
            }
        }
    }

    /// <summary>0 bytes and no retry: the end, or the client is lost.</summary>
    private static int Judge(nint bytes, out bool isAgain)
    {
        isAgain = bytes < 0 && Marshal.GetLastPInvokeError() == TryAgain;
        return (int)Math.Max(0, bytes);
    }

    private static bool IsInterrupted(nint bytes) => bytes < 0 && Marshal.GetLastPInvokeError() == InterruptedCall;

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeHandle socket, ref byte destination, nuint count, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeHandle socket, in byte source, nuint count, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Fcntl(SafeHandle socket, int command, int argument);

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Ioctl(int handle, nuint request, out int value);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int directory, string path, int flags, uint mask, ref byte stat);
}
