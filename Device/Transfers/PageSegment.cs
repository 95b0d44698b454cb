namespace BlockEmu.Device.Transfers;

/// <summary>Bytes in native memory.</summary>
/// <param name="Address">The first byte.</param>
/// <param name="LengthBytes">How many, at least 1.</param>
public readonly record struct PageSegment(nint Address, int LengthBytes)
{
    /// <summary>The bytes; only while their owner keeps them.</summary>
    public unsafe Span<byte> Bytes => new((void*)Address, LengthBytes);
}
