namespace BlockEmu.Device;

/// <summary>What one call of <see cref="Disk.Destage"/> has done.</summary>
/// <param name="Commands">Commands that are persistent now and were not before.</param>
/// <param name="Bytes">Their payload; zeroes and trims have none.</param>
/// <param name="Status">Ok; or why it ended early: the power is off or going, or the medium refused, and then what it
/// refused stays pending.</param>
public readonly record struct DestageProgress(int Commands, long Bytes, DiskStatus Status);
