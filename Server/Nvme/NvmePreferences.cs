namespace BlockEmu.Server.Nvme;

/// <summary>What a disk tells NVMe hosts about sizes that it likes; nothing depends on their being kept.</summary>
/// <param name="WriteGranularityBytes">NPWG and NPWA; 0 = the default, <see cref="DefaultGranularity"/>.</param>
/// <param name="IoBoundaryBytes">NOIOB; 0 = none.</param>
public readonly record struct NvmePreferences(long WriteGranularityBytes, long IoBoundaryBytes)
{
    /// <summary>NPWG is 16 bits, 0's based.</summary>
    private const long MaxGranularityBlocks = 65_536;

    /// <summary>NOIOB is 16 bits, and not 0's based.</summary>
    private const long MaxBoundaryBlocks = 65_535;

    /// <summary>The page of the cache, 4 KiB; or less where the unit is: the largest power of two in it. Linux makes it the physical
    /// block size, and does not take a namespace where it is larger than a unit that is no power of two.</summary>
    public static long DefaultGranularity(long unitBytes) =>
        Math.Min(4096, 1L << System.Numerics.BitOperations.Log2((ulong)unitBytes));

    /// <summary>Every fault; each begins with the option's name.</summary>
    public IEnumerable<string> Validate(int blockSizeBytes)
    {
        if (Fault(WriteGranularityBytes, blockSizeBytes, MaxGranularityBlocks) is { } granularity)
        {
            yield return $"npwg: {granularity}";
        }

        if (Fault(IoBoundaryBytes, blockSizeBytes, MaxBoundaryBlocks) is { } boundary)
        {
            yield return $"noiob: {boundary}";
        }
    }

    private static string? Fault(long bytes, int blockSizeBytes, long maxBlocks) =>
        bytes < 0 || bytes % blockSizeBytes != 0 ? $"{bytes} is not a multiple of the block size {blockSizeBytes}"
        : bytes / blockSizeBytes > maxBlocks ? $"{bytes} is more than {maxBlocks} logical blocks"
        : null;
}
