using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Server.Transport;

/// <summary>Descriptors that may be anything: polling, reading, writing; Linux' values.</summary>
internal static partial class PipeCalls
{
    private const short PollIn = 0x0001;
    private const short PollOut = 0x0004;
    private const short PollReadHangUp = 0x2000;
    private const int CallInterrupted = 4;
    private const int TryAgain = 11;
    private const int SendDoNotWait = 0x40;
    private const int SendNoSignal = 0x4000;
    private const int EventCloseOnExec = 0x80000;

    /// <summary>A thing to poll beside descriptors: readable for good once it was raised.</summary>
    public static SafeFileHandle CreateSignal()
    {
        SafeFileHandle signal = EventFd(0, EventCloseOnExec);
        return signal.IsInvalid ? throw new IOException("no descriptor is left") : signal;
    }

    /// <summary>Any thread, any number of times, also when it is closed already.</summary>
    public static void Raise(SafeFileHandle signal)
    {
        try
        {
            ulong one = 1;
            Write(signal, MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(ref one)), out _);
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits for it any more.
        }
    }

    public static PollDescriptor Readable(SafeFileHandle handle) => Describe(handle, PollIn);

    public static PollDescriptor Writable(SafeFileHandle handle) => Describe(handle, PollOut);

    /// <summary>Ready when the other end has gone.</summary>
    public static PollDescriptor HungUp(SafeFileHandle handle) => Describe(handle, PollReadHangUp);

    /// <summary>Waits; -1 ms = for ever. Returns how many are ready.</summary>
    public static int Poll(Span<PollDescriptor> descriptors, int timeoutMs)
    {
        int ready;
        do
        {
            ready = Poll(ref MemoryMarshal.GetReference(descriptors), (nuint)descriptors.Length, timeoutMs);
        }
        while (ready < 0 && Marshal.GetLastPInvokeError() == CallInterrupted);
        return ready;
    }

    /// <summary>0 = the end; below 0 an error, which a retry may mend.</summary>
    public static int Read(SafeFileHandle handle, Span<byte> destination, out bool mayRetry) =>
        Judge(Read(handle, ref MemoryMarshal.GetReference(destination), (nuint)destination.Length), out mayRetry);

    public static int Write(SafeFileHandle handle, ReadOnlySpan<byte> source, out bool mayRetry) =>
        Judge(Write(handle, in MemoryMarshal.GetReference(source), (nuint)source.Length), out mayRetry);

    /// <summary>To a socket, without ever blocking.</summary>
    public static int Send(SafeFileHandle handle, ReadOnlySpan<byte> source, out bool mayRetry) => Judge(
        Send(handle, in MemoryMarshal.GetReference(source), (nuint)source.Length, SendDoNotWait | SendNoSignal), out mayRetry);

    private static int Judge(nint bytes, out bool mayRetry)
    {
        mayRetry = bytes < 0 && Marshal.GetLastPInvokeError() is CallInterrupted or TryAgain;
        return (int)bytes;
    }

    private static PollDescriptor Describe(SafeFileHandle handle, short events) =>
        new() { Handle = handle.IsClosed ? -1 : (int)handle.DangerousGetHandle(), Events = events };

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle handle, ref byte destination, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeFileHandle handle, in byte source, nuint count);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(SafeFileHandle handle, in byte source, nuint count, int flags);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial SafeFileHandle EventFd(uint value, int flags);
}
