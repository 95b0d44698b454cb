namespace BlockEmu.Device.Cache;

/// <summary>A live part of a pending command: neighbouring blocks of one page with their bytes, or zeroes of any length.</summary>
/// <param name="OffsetBytes">First byte on the disk.</param>
/// <param name="LengthBytes">Length.</param>
/// <param name="Data">The bytes, or 0 = zeroes.</param>
internal readonly record struct LivePiece(long OffsetBytes, long LengthBytes, nint Data)
{
    public long EndBytes => OffsetBytes + LengthBytes;
}
