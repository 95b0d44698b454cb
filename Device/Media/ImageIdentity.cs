using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Which file, on which boot of which host, opened for writing by us for which time: what is remembered of an image counts
/// for nothing else. Its file system's number is not in it: it is another one after a remount.</summary>
/// <param name="Boot">The host's boot id.</param>
/// <param name="Generation">What <see cref="ImageMarks"/> has on it; empty where the file system keeps no such marks.</param>
/// <param name="Inode">The file's number.</param>
/// <param name="BirthNanoseconds">When it came to be, so that one that was put in its place and got its number is another.</param>
/// <param name="SizeBytes">Its length.</param>
internal readonly record struct ImageIdentity(Guid Boot, Guid Generation, ulong Inode, long BirthNanoseconds, long SizeBytes)
{
    public const int WireBytes = 56;

    private const string BootIdPath = "/proc/sys/kernel/random/boot_id";

    /// <summary>Null when the host does not tell its boots apart.</summary>
    public static Guid? BootId { get; } = ReadBootId();

    /// <summary>Of an open file. Throws <see cref="DeviceIoException"/>.</summary>
    public static ImageIdentity Find(SafeFileHandle file)
    {
        FileFacts facts = LibC.TryStat(file) ?? throw FileBytes.Error("statx", 0);
        return new ImageIdentity(BootId ?? default, ImageMarks.ReadGeneration(file), facts.Inode, facts.BirthNanoseconds, facts.SizeBytes);
    }

    public static ImageIdentity Read(ReadOnlySpan<byte> source) => new(
        new Guid(source[..16]),
        new Guid(source[16..32]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
        BinaryPrimitives.ReadInt64LittleEndian(source[40..]),
        BinaryPrimitives.ReadInt64LittleEndian(source[48..]));

    /// <summary>Whether it is the same file, by whatever name, at whatever length and in whatever generation.</summary>
    public bool IsFile(ImageIdentity other) => Inode == other.Inode && BirthNanoseconds == other.BirthNanoseconds;

    public void Write(Span<byte> destination)
    {
        Boot.TryWriteBytes(destination);
        Generation.TryWriteBytes(destination[16..]);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[32..], Inode);
        BinaryPrimitives.WriteInt64LittleEndian(destination[40..], BirthNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(destination[48..], SizeBytes);
    }

    private static Guid? ReadBootId()
    {
        try
        {
            return Guid.TryParse(File.ReadAllText(BootIdPath).AsSpan().Trim(), out Guid boot) ? boot : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
