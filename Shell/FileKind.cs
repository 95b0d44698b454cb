using System.Buffers.Binary;

namespace BlockEmu.Shell;

/// <summary>What lies at a path, links followed.</summary>
/// <param name="Mode">Type and permissions, as <c>st_mode</c> has them.</param>
/// <param name="User">The owner.</param>
/// <param name="Group">The owner's group.</param>
public readonly record struct FileKind(int Mode, uint User, uint Group)
{
    private const int CurrentDirectory = -100;
    private const uint BasicFields = 0x7ff;
    private const int StatxBytes = 256;
    private const int TypeMask = 0xF000;

    public bool IsRegular => (Mode & TypeMask) == 0x8000;

    public bool IsDirectory => (Mode & TypeMask) == 0x4000;

    public bool IsSocket => (Mode & TypeMask) == 0xC000;

    public UnixFileMode Permissions => (UnixFileMode)(Mode & 0xFFF);

    /// <summary>Null when nothing is there, or it cannot be seen.</summary>
    /// <remarks>
    /// <c>struct statx</c>, host's byte order:
    /// <code>
    /// offset  size  field
    ///     20     4  stx_uid
    ///     24     4  stx_gid
    ///     28     2  stx_mode
    /// </code>
    /// </remarks>
    public static unsafe FileKind? Of(string path)
    {
        byte* buffer = stackalloc byte[StatxBytes];
        if (LibC.Stat(CurrentDirectory, path, flags: 0, BasicFields, buffer) != 0)
        {
            return null;
        }

        return new FileKind(
            BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(buffer + 28, sizeof(ushort))),
            BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(buffer + 20, sizeof(uint))),
            BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(buffer + 24, sizeof(uint))));
    }
}
