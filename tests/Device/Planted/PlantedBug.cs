namespace BlockEmu.Device.Tests.Planted;

/// <summary>A bug as a change of one of Device's files.</summary>
/// <param name="Name">What the disk does wrong.</param>
/// <param name="File">The file's path below Device.</param>
/// <param name="Find">Text that occurs exactly once there.</param>
/// <param name="Replace">What stands there instead.</param>
public sealed record PlantedBug(string Name, string File, string Find, string Replace);
