namespace BlockEmu.Device;

/// <summary>A range whose blocks are alike.</summary>
/// <param name="OffsetBytes">First byte.</param>
/// <param name="LengthBytes">Length, at least 1.</param>
/// <param name="State">What a power cut would do to it.</param>
/// <param name="ReadsAsZero">Whether it is known to read as zero; false says nothing.</param>
public readonly record struct DiskExtent(long OffsetBytes, long LengthBytes, DiskExtentState State, bool ReadsAsZero)
{
    /// <summary>The first byte after the range.</summary>
    public long EndBytes => OffsetBytes + LengthBytes;
}
