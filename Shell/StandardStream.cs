using System.Runtime.InteropServices;

namespace BlockEmu.Shell;

/// <summary>Standard output or error as a stream to write to.</summary>
/// <param name="descriptor"><see cref="StandardDescriptor.Output"/> or <see cref="StandardDescriptor.Error"/>.</param>
/// <param name="isLossy">What cannot be written is dropped, instead of an <see cref="OutputException"/>.</param>
internal sealed class StandardStream(int descriptor, bool isLossy) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="OutputException">It is closed, full, or nobody reads it.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        int error = StandardDescriptor.IsOpen(descriptor) ? WriteAll(buffer) : LibC.BadDescriptor;
        if (error != 0 && !isLossy)
        {
            string name = descriptor == StandardDescriptor.Output ? "standard output" : "standard error";
            throw new OutputException(error == LibC.BadDescriptor
                ? $"{name} is closed"
                : $"cannot write to {name}: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Nothing is held back.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private int WriteAll(ReadOnlySpan<byte> left)
    {
        while (left.Length > 0)
        {
            nint written = LibC.Write(descriptor, in MemoryMarshal.GetReference(left), (nuint)left.Length);
            if (written >= 0)
            {
                left = left[(int)written..];
                continue;
            }

            int error = Marshal.GetLastPInvokeError();
            if (error == LibC.WouldBlock)
            {
                // Whoever shares it with us has made it non-blocking.
                LibC.PollDescriptor poll = new() { Descriptor = descriptor, Events = LibC.PollOut };
                _ = LibC.Poll(ref poll, 1, timeoutMs: -1);
            }
            else if (error != LibC.Interrupted)
            {
                return error;
            }
        }

        return 0;
    }
}
