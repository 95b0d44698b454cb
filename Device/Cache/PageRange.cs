namespace BlockEmu.Device.Cache;

/// <summary>A half-open range of pages.</summary>
internal readonly record struct PageRange(long Start, long End);
