using System.Runtime.InteropServices;

namespace BlockEmu.Cli.Load;

/// <summary>Sockets without what the base class library adds to each call; Linux' values.</summary>
internal static unsafe partial class WireCalls
{
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int TryAgain = 11;
    private const int InterruptedCall = 4;
    private const short PollIn = 0x0001;
    private const short PollOut = 0x0004;
    private const int MaxPieces = 1024;
    private const int ThreadCpuClock = 3;
    private const long NanosecondsEachSecond = 1_000_000_000;

    /// <summary>Whether the last call failed because it would have had to wait.</summary>
    public static bool IsAgain => Marshal.GetLastPInvokeError() == TryAgain;

    public static string LastErrorText => Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());

    /// <summary>Processor time of this thread so far.</summary>
    public static long ThreadCpuNanoseconds
    {
        get
        {
            Span<long> time = stackalloc long[2];
            fixed (long* first = time)
            {
                _ = ClockGetTime(ThreadCpuClock, first);
            }

            return (time[0] * NanosecondsEachSecond) + time[1];
        }
    }

    /// <summary>Sends what goes without waiting; negative: see <see cref="IsAgain"/>.</summary>
    public static nint Send(SafeHandle socket, ReadOnlySpan<SendQueue.Piece> pieces)
    {
        fixed (SendQueue.Piece* first = pieces)
        {
            Message message = new() { Pieces = first, PieceCount = (nuint)Math.Min(pieces.Length, MaxPieces) };
            nint sent;
            do
            {
                sent = SendMessage(socket, &message, DontWait | NoSignal);
            }
            while (sent < 0 && Marshal.GetLastPInvokeError() == InterruptedCall);
            return sent;
        }
    }

    /// <summary>Takes what has arrived; 0 = the end, negative: see <see cref="IsAgain"/>.</summary>
    public static nint Receive(SafeHandle socket, Span<byte> destination, bool waits)
    {
        fixed (byte* first = destination)
        {
            nint received;
            do
            {
                received = Receive(socket, first, (nuint)destination.Length, waits ? 0 : DontWait);
            }
            while (received < 0 && Marshal.GetLastPInvokeError() == InterruptedCall);
            return received;
        }
    }

    /// <summary>False when neither comes in time.</summary>
    public static bool WaitForBytesOrRoom(SafeHandle socket, int patienceMs)
    {
        bool isHeld = false;
        try
        {
            socket.DangerousAddRef(ref isHeld);
            Descriptor descriptor = new() { Handle = (int)socket.DangerousGetHandle(), Events = PollIn | PollOut };
            int ready;
            do
            {
                ready = Poll(&descriptor, 1, patienceMs);
            }
            while (ready < 0 && Marshal.GetLastPInvokeError() == InterruptedCall);
            return ready != 0;
        }
        finally
        {
            if (isHeld)
            {
                socket.DangerousRelease();
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(SafeHandle socket, Message* message, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(SafeHandle socket, byte* destination, nuint count, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(Descriptor* descriptors, nuint count, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, long* secondsAndNanoseconds);

    /// <summary><c>struct msghdr</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        public nint Name;
        public uint NameLength;
        public SendQueue.Piece* Pieces;
        public nuint PieceCount;
        public nint Control;
        public nuint ControlLength;
        public int Flags;
    }

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Descriptor
    {
        public int Handle;
        public short Events;
        public short ReturnedEvents;
    }
}
