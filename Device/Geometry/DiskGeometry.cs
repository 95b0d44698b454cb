using BlockEmu.Device.Cache;

namespace BlockEmu.Device.Geometry;

/// <summary>Size and block, with what the cache derives of them.</summary>
internal readonly record struct DiskGeometry(long SizeBytes, int BlockSizeBytes)
{
    /// <summary>Logical blocks in a page: 8 or 1.</summary>
    public int BlocksPerPage => PageArena.PageBytes / BlockSizeBytes;

    /// <summary>One bit for each block of a page.</summary>
    public byte FullMask => (byte)((1 << BlocksPerPage) - 1);

    public long PageCount => (SizeBytes / PageArena.PageBytes) + (SizeBytes % PageArena.PageBytes != 0 ? 1 : 0);

    /// <summary>The bits of <paramref name="count"/> blocks from <paramref name="first"/>.</summary>
    public static byte Mask(int first, int count) => (byte)(((1 << count) - 1) << first);

    /// <summary>Whether a range lies inside the disk; safe against overflow.</summary>
    public bool IsInside(long offsetBytes, long lengthBytes) =>
        offsetBytes >= 0 && lengthBytes >= 0 && lengthBytes <= SizeBytes && offsetBytes <= SizeBytes - lengthBytes;
}
