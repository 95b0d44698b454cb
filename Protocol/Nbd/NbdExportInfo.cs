using System.Buffers.Binary;

namespace BlockEmu.Protocol.Nbd;

/// <summary>Size and flags of an export: the answer to EXPORT_NAME, and the fact <c>NBD_INFO_EXPORT</c>.</summary>
/// <remarks>
/// NBD proto.md, "NBD_INFO_EXPORT" (there behind a 2-byte type 0) and "NBD_OPT_EXPORT_NAME". All fields are big-endian:
/// <code>
/// offset  size  field
///      0     8  size of the export, bytes
///      8     2  transmission flags
///     10   124  zeroes: only after EXPORT_NAME, and not with NO_ZEROES
/// </code>
/// </remarks>
public readonly record struct NbdExportInfo(ulong SizeBytes, NbdTransmissionFlags Flags)
{
    public const int WireSizeBytes = 10;

    /// <summary>The zeroes after an answer to EXPORT_NAME.</summary>
    public const int ExportNamePaddingBytes = 124;

    public static NbdExportInfo Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt64BigEndian(source),
        (NbdTransmissionFlags)BinaryPrimitives.ReadUInt16BigEndian(source[8..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination[8..], (ushort)Flags);
        BinaryPrimitives.WriteUInt64BigEndian(destination, SizeBytes);
    }
}
