namespace BlockEmu.Oracle.Atoms;

/// <summary>What of the disk's promises decides the cut into atoms (the semantics, section 2).</summary>
/// <param name="BlockSizeBytes">Logical block: 512 or 4096.</param>
/// <param name="AwupfBytes">AWUPF: the largest unit that a power cut keeps whole.</param>
/// <param name="NabspfBytes">NABSPF: boundary size at power fail; 0 = none.</param>
/// <param name="NaboBytes">NABO: where the first boundary lies.</param>
/// <param name="Mam">Multiple atomicity mode: pieces between boundaries are atoms of their own.</param>
public sealed record AtomicityPromise(
    int BlockSizeBytes, long AwupfBytes, long NabspfBytes = 0, long NaboBytes = 0, bool Mam = false)
{
    /// <summary>The largest unit: 65,536 logical blocks.</summary>
    public const long MaxUnitBlocks = 65_536;

    /// <summary>What is wrong with it, or <see langword="null"/>.</summary>
    public string? Fault()
    {
        if (BlockSizeBytes is not (512 or 4096))
        {
            return $"the block size {BlockSizeBytes} is neither 512 nor 4096";
        }

        if (AwupfBytes < BlockSizeBytes || AwupfBytes % BlockSizeBytes != 0 || AwupfBytes / BlockSizeBytes > MaxUnitBlocks)
        {
            return $"awupf {AwupfBytes} is not 1 to {MaxUnitBlocks} blocks of {BlockSizeBytes}";
        }

        if (NabspfBytes < 0 || NabspfBytes % BlockSizeBytes != 0 || NabspfBytes / BlockSizeBytes > MaxUnitBlocks)
        {
            return $"nabspf {NabspfBytes} is not 0 to {MaxUnitBlocks} blocks of {BlockSizeBytes}";
        }

        return NaboBytes < 0 || NaboBytes % BlockSizeBytes != 0 || (NabspfBytes != 0 && NaboBytes >= NabspfBytes)
            ? $"nabo {NaboBytes} is not a multiple of the block below nabspf {NabspfBytes}"
            : null;
    }
}
