namespace BlockEmu.Device.Media;

/// <summary>Bytes of an old platter, all of one kind.</summary>
/// <param name="OffsetBytes">First byte.</param>
/// <param name="LengthBytes">Length.</param>
/// <param name="IsData">Else a hole.</param>
internal readonly record struct OldPiece(long OffsetBytes, long LengthBytes, bool IsData);
