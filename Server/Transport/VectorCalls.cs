using System.Runtime.InteropServices;

namespace BlockEmu.Server.Transport;

/// <summary>Sending from many places in one call; Linux' values.</summary>
internal static unsafe partial class VectorCalls
{
    private const int DontWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int TryAgain = 11;
    private const int InterruptedCall = 4;

    /// <summary>Sends what leaves at once. 0 bytes: there is no room (<paramref name="isAgain"/>), or the client has gone. Throws
    /// <see cref="ObjectDisposedException"/> when the socket is closed.</summary>
    public static nuint Send(SafeHandle socket, ReadOnlySpan<IoVector> vectors, out bool isAgain)
    {
        fixed (IoVector* first = vectors)
        {
            var message = new Message { Vectors = first, VectorCount = (nuint)vectors.Length };
            nint bytes;
            do
            {
                bytes = SendMessage(socket, &message, DontWait | NoSignal);
            }
            while (bytes < 0 && Marshal.GetLastPInvokeError() == InterruptedCall);
            return Judge(bytes, out isAgain);
        }
    }

    private static nuint Judge(nint bytes, out bool isAgain)
    {
        isAgain = bytes < 0 && Marshal.GetLastPInvokeError() == TryAgain;
        return (nuint)Math.Max(0, bytes);
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(SafeHandle socket, Message* message, int flags);

    /// <summary><c>struct msghdr</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        public nint Name;
        public uint NameLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public nint Control;
        public nuint ControlLength;
        public int Flags;
    }
}
