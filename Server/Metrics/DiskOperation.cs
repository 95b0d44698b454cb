namespace BlockEmu.Server.Metrics;

/// <summary>The label <c>op</c>.</summary>
public enum DiskOperation
{
    Read,
    Write,
    WriteZeroes,
    Trim,
    Flush,
    Cache,
    BlockStatus,
    Compare,
    Copy,
    Verify,
    WriteUncorrectable,
}
