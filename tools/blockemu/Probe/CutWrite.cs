namespace BlockEmu.Cli.Probe;

/// <summary>A write before a power cut. No two of a round touch each other.</summary>
internal readonly record struct CutWrite(CutGroup Group, long OffsetBytes, byte[] Payload);
