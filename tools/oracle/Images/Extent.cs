namespace BlockEmu.Oracle.Images;

/// <summary>A range of the disk, in bytes.</summary>
public readonly record struct Extent(long OffsetBytes, long LengthBytes)
{
    /// <summary>The first byte after the range.</summary>
    public long EndBytes => OffsetBytes + LengthBytes;
}
