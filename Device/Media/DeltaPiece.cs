namespace BlockEmu.Device.Media;

/// <summary>Blocks of one page that a delta gives one kind of content.</summary>
/// <param name="OffsetBytes">First byte on the platter.</param>
/// <param name="LengthBytes">Whole blocks.</param>
/// <param name="Data">Where their bytes are; 0 = zeroes.</param>
internal readonly record struct DeltaPiece(long OffsetBytes, int LengthBytes, nint Data);
