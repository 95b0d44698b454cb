namespace BlockEmu.Device.Media;

/// <summary>Which file is found in the platter's place, and when it was written last; equal as long as nobody has touched it.</summary>
/// <param name="Inode">The file's number; 0 with a platter in memory, and where nothing is found.</param>
/// <param name="ModifiedNanoseconds">When its content changed last, since 1970.</param>
/// <param name="SizeBytes">Its length.</param>
internal readonly record struct PlatterStamp(ulong Inode, long ModifiedNanoseconds, long SizeBytes);
