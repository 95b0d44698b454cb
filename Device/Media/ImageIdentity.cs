using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Which file, on which boot of which host: what is remembered of an image counts for nothing else.</summary>
/// <param name="Boot">The host's boot id.</param>
/// <param name="Inode">The file's number.</param>
/// <param name="Device">Its file system.</param>
/// <param name="BirthNanoseconds">When it came to be, so that one that was put in its place and got its number is another.</param>
/// <param name="SizeBytes">Its length.</param>
internal readonly record struct ImageIdentity(Guid Boot, ulong Inode, ulong Device, long BirthNanoseconds, long SizeBytes)
{
    private const string BootIdPath = "/proc/sys/kernel/random/boot_id";

    /// <summary>Null when the host does not tell its boots apart.</summary>
    public static Guid? BootId { get; } = ReadBootId();

    /// <summary>Of an open file. Throws <see cref="DeviceIoException"/>.</summary>
    public static ImageIdentity Find(SafeFileHandle file)
    {
        FileFacts facts = LibC.TryStat(file) ?? throw FileBytes.Error("statx", 0);
        return new ImageIdentity(BootId ?? default, facts.Inode, facts.Device, facts.BirthNanoseconds, facts.SizeBytes);
    }

    public static ImageIdentity Read(ReadOnlySpan<byte> source) => new(
        new Guid(source[..16]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
        BinaryPrimitives.ReadInt64LittleEndian(source[32..]),
        BinaryPrimitives.ReadInt64LittleEndian(source[40..]));

    public void Write(Span<byte> destination)
    {
        Boot.TryWriteBytes(destination);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], Inode);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], Device);
        BinaryPrimitives.WriteInt64LittleEndian(destination[32..], BirthNanoseconds);
        BinaryPrimitives.WriteInt64LittleEndian(destination[40..], SizeBytes);
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
