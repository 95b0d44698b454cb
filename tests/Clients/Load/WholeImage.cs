using System.Runtime.InteropServices;
using BlockEmu.Device;
using BlockEmu.Oracle.Images;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>A small disk's platter, whole.</summary>
internal sealed partial class WholeImage(byte[] bytes) : IPlatterImage
{
    public byte[] Bytes { get; } = bytes;

    /// <summary>Copies the platter of a disk that is off.</summary>
    public static WholeImage Of(Disk disk)
    {
        byte[] bytes = new byte[disk.SizeBytes];
        disk.ReadPlatter(read => read(0, bytes));
        return new WholeImage(bytes);
    }

    /// <summary>Reads a file that its disk holds locked, as any other program would.</summary>
    public static byte[] ReadLocked(string path)
    {
        using SafeFileHandle file = new(Open(path, flags: 0), ownsHandle: true); // O_RDONLY
        byte[] bytes = new byte[RandomAccess.GetLength(file)];
        int count = 0;
        while (count < bytes.Length)
        {
            int read = RandomAccess.Read(file, bytes.AsSpan(count), count);
            Assert.NotEqual(0, read);
            count += read;
        }

        return bytes;
    }

    public void Read(long offsetBytes, Span<byte> destination) =>
        Bytes.AsSpan((int)offsetBytes, destination.Length).CopyTo(destination);

    public Extent? NextPopulated(long offsetBytes) =>
        offsetBytes < Bytes.Length ? new Extent(offsetBytes, Bytes.Length - offsetBytes) : null;

    // .NET asks for a lock of its own with every open.
    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
