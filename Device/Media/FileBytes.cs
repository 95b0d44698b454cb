using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Whole reads, writes and zeroes of a file, with the host's error as a <see cref="DeviceIoException"/>.</summary>
internal static class FileBytes
{
    private static readonly byte[] s_zeroes = new byte[1 << 20];

    public static DeviceIoException Error(string operation, long offsetBytes)
    {
        int errno = Marshal.GetLastPInvokeError();
        return new DeviceIoException($"{operation} at {offsetBytes}: {Marshal.GetPInvokeErrorMessage(errno)}", errno);
    }

    /// <summary>Fills the destination; what lies past the end of the file reads as zero.</summary>
    public static void Read(SafeFileHandle file, long offsetBytes, Span<byte> destination) =>
        destination[ReadUpToEnd(file, offsetBytes, destination)..].Clear();

    /// <summary>Fills the destination as far as the file goes; returns how many bytes that were.</summary>
    public static int ReadUpToEnd(SafeFileHandle file, long offsetBytes, Span<byte> destination)
    {
        int done = 0;
        try
        {
            while (done < destination.Length)
            {
                int read = RandomAccess.Read(file, destination[done..], offsetBytes + done);
                if (read == 0)
                {
                    break;
                }

                done += read;
            }

            return done;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            long at = offsetBytes + done;
            throw new DeviceIoException($"read at {at}: {e.Message}", LibC.EIO, e) { OffsetBytes = at };
        }
    }

    public static void Write(SafeFileHandle file, long offsetBytes, ReadOnlySpan<byte> bytes)
    {
        unsafe
        {
            fixed (byte* start = bytes)
            {
                FileRun run = new(file, maxVectors: 1);
                run.Add(offsetBytes, (nint)start, bytes.Length);
                run.Flush();
            }
        }
    }

    /// <summary>How <c>fallocate</c> zeroes a range.</summary>
    public static int ZeroMode(bool keepProvisioned) => LibC.FALLOC_FL_KEEP_SIZE
        | (keepProvisioned ? LibC.FALLOC_FL_ZERO_RANGE : LibC.FALLOC_FL_PUNCH_HOLE);

    /// <summary>Zeroes a range with <c>fallocate</c>, or by writing where the file system can't.</summary>
    public static void Zero(SafeFileHandle file, long offsetBytes, long lengthBytes, int mode)
    {
        if (lengthBytes <= 0 || LibC.Allocate(file, mode, offsetBytes, lengthBytes) == 0)
        {
            return;
        }

        DeviceIoException error = Error("fallocate", offsetBytes);
        if (error.Errno != LibC.EOPNOTSUPP)
        {
            throw error;
        }

        while (lengthBytes > 0)
        {
            int bytes = (int)Math.Min(lengthBytes, s_zeroes.Length);
            Write(file, offsetBytes, s_zeroes.AsSpan(0, bytes));
            offsetBytes += bytes;
            lengthBytes -= bytes;
        }
    }

    /// <summary>The first range of data (not a hole) at or after an offset, within the size; null when there is none.</summary>
    public static ByteRange? NextData(SafeFileHandle file, long offsetBytes, long sizeBytes)
    {
        if (offsetBytes >= sizeBytes)
        {
            return null;
        }

        long start = LibC.Seek(file, offsetBytes, LibC.SEEK_DATA);
        if (start < 0)
        {
            DeviceIoException error = Error("lseek", offsetBytes);
            return error.Errno == LibC.ENXIO ? null : throw error;
        }

        long end = LibC.Seek(file, start, LibC.SEEK_HOLE);
        end = end < 0 ? sizeBytes : Math.Min(end, sizeBytes);
        return start >= end ? null : new ByteRange(start, end - start);
    }
}
