namespace BlockEmu.Device;

/// <summary>Writes bytes of a platter while the disk is off; block-aligned pieces. All-zero pages are not allocated.</summary>
public delegate void PlatterWriter(long offsetBytes, ReadOnlySpan<byte> bytes);
