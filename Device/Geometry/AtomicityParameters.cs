namespace BlockEmu.Device.Geometry;

/// <summary>What the disk promises about atomicity (SEMANTICS 2), in NVMe's names. All sizes are bytes; 0 = no boundary.</summary>
public sealed record AtomicityParameters
{
    /// <summary>The largest unit there is: 65,536 logical blocks (NVMe's 0's based 16 bits).</summary>
    public const int MaxUnitBlocks = 65_536;

    /// <summary>Atomic write unit, normal: atomic to other commands up to this size.</summary>
    public long AwunBytes { get; init; } = 4096;

    /// <summary>Atomic write unit, power fail: one atom up to this size.</summary>
    public long AwupfBytes { get; init; } = 4096;

    /// <summary>Atomic compare-and-write unit.</summary>
    public long AcwuBytes { get; init; } = 4096;

    /// <summary>Boundary size in normal operation; 0 = none.</summary>
    public long NabsnBytes { get; init; }

    /// <summary>Boundary size at power fail; 0 = none.</summary>
    public long NabspfBytes { get; init; }

    /// <summary>Offset of the first boundary.</summary>
    public long NaboBytes { get; init; }

    /// <summary>Multiple atomicity mode: a command that crosses boundaries is cut at them.</summary>
    public bool Mam { get; init; }

    /// <summary>The defaults for a block size: AWUPF 4 KiB, AWUN and ACWU the same, no boundary.</summary>
    public static AtomicityParameters DefaultFor(int blockSizeBytes)
    {
        long unit = Math.Max(4096, blockSizeBytes);
        return new AtomicityParameters { AwunBytes = unit, AwupfBytes = unit, AcwuBytes = unit };
    }

    /// <summary>Lists every fault at once; each message starts with the option's name.</summary>
    public IEnumerable<string> Validate(int blockSizeBytes)
    {
        (string Name, long Value)[] units = [("awun", AwunBytes), ("awupf", AwupfBytes), ("acwu", AcwuBytes)];
        foreach ((string name, long value) in units)
        {
            if (value < blockSizeBytes || value % blockSizeBytes != 0)
            {
                yield return $"{name}: {value} is not a positive multiple of the block size {blockSizeBytes}";
            }
            else if (value / blockSizeBytes > MaxUnitBlocks)
            {
                yield return $"{name}: {value} is more than {MaxUnitBlocks} logical blocks";
            }
        }

        if (AwupfBytes > AwunBytes)
        {
            yield return $"awupf: {AwupfBytes} is larger than awun {AwunBytes}";
        }

        (string Name, long Value, long UnitBytes, string UnitName)[] boundaries =
            [("nabsn", NabsnBytes, AwunBytes, "awun"), ("nabspf", NabspfBytes, AwupfBytes, "awupf")];
        foreach ((string name, long value, long unitBytes, string unitName) in boundaries)
        {
            if (value < 0 || value % blockSizeBytes != 0)
            {
                yield return $"{name}: {value} is not a multiple of the block size {blockSizeBytes}";
            }
            else if (value / blockSizeBytes > MaxUnitBlocks)
            {
                yield return $"{name}: {value} is more than {MaxUnitBlocks} logical blocks";
            }
            else if (value != 0 && value < unitBytes)
            {
                yield return $"{name}: {value} is smaller than {unitName} {unitBytes}";
            }
        }

        foreach (string fault in ValidateOffset(blockSizeBytes))
        {
            yield return fault;
        }
    }

    private IEnumerable<string> ValidateOffset(int blockSizeBytes)
    {
        if (NaboBytes < 0 || NaboBytes % blockSizeBytes != 0)
        {
            yield return $"nabo: {NaboBytes} is not a multiple of the block size {blockSizeBytes}";
        }
        else if (NabsnBytes == 0 && NabspfBytes == 0)
        {
            if (NaboBytes != 0)
            {
                yield return "nabo: there is no boundary (nabsn and nabspf are 0), so its offset must be 0";
            }

            if (Mam)
            {
                yield return "mam: on needs a boundary (nabsn and nabspf)";
            }
        }
        else if ((NabsnBytes != 0 && NaboBytes >= NabsnBytes) || (NabspfBytes != 0 && NaboBytes >= NabspfBytes))
        {
            yield return $"nabo: {NaboBytes} does not lie below the boundary size";
        }

        if (Mam && NabspfBytes != 0 && !(NabsnBytes == AwunBytes && AwunBytes == NabspfBytes && NabspfBytes == AwupfBytes))
        {
            yield return "mam: on needs nabsn = awun = nabspf = awupf";
        }
    }
}
