namespace BlockEmu.Device.Geometry;

/// <summary>What the disk promises about atomicity (SEMANTICS 2), in NVMe's names (NVM Command Set 2.1.4). All sizes are
/// bytes: a controller's units, which hold for every format, a namespace's own ones (0 = as the controller's), and boundaries
/// (0 = none). What is in force is in the properties called Effective.</summary>
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

    /// <summary>The namespace's <see cref="AwunBytes"/>; 0 = as that.</summary>
    public long NawunBytes { get; init; }

    /// <summary>The namespace's <see cref="AwupfBytes"/>; 0 = as that.</summary>
    public long NawupfBytes { get; init; }

    /// <summary>The namespace's <see cref="AcwuBytes"/>; 0 = as that.</summary>
    public long NacwuBytes { get; init; }

    /// <summary>Boundary size in normal operation; 0 = none.</summary>
    public long NabsnBytes { get; init; }

    /// <summary>Boundary size at power fail; 0 = none.</summary>
    public long NabspfBytes { get; init; }

    /// <summary>Offset of the first boundary.</summary>
    public long NaboBytes { get; init; }

    /// <summary>Multiple atomicity mode: a command that crosses boundaries is cut at them.</summary>
    public bool Mam { get; init; }

    /// <summary>"Disable normal" (feature Write Atomicity Normal): the host lets AWUN and NAWUN go, only power-fail atomicity
    /// is kept.</summary>
    public bool Dn { get; init; }

    /// <summary>The unit in force towards other commands.</summary>
    public long EffectiveAwunBytes => NawunBytes == 0 ? AwunBytes : NawunBytes;

    /// <summary>The unit in force at power fail: what becomes one atom.</summary>
    public long EffectiveAwupfBytes => NawupfBytes == 0 ? AwupfBytes : NawupfBytes;

    /// <summary>The unit in force for a compare and write.</summary>
    public long EffectiveAcwuBytes => NacwuBytes == 0 ? AcwuBytes : NacwuBytes;

    /// <summary>The defaults for a block size: AWUPF 4 KiB, AWUN and ACWU the same, no boundary.</summary>
    public static AtomicityParameters DefaultFor(int blockSizeBytes)
    {
        long unit = Math.Max(4096, blockSizeBytes);
        return new AtomicityParameters { AwunBytes = unit, AwupfBytes = unit, AcwuBytes = unit };
    }

    /// <summary>What decides the atoms of a compare and write: ACWU stands in the place of AWUPF, and multiple atomicity mode does
    /// not hold (fused commands stay in single mode).</summary>
    public AtomicityParameters ForCompareAndWrite() => !Mam && EffectiveAcwuBytes == EffectiveAwupfBytes
        ? this
        : this with { AwupfBytes = EffectiveAcwuBytes, NawupfBytes = 0, Mam = false };

    /// <summary>Lists every fault at once; each message starts with the option's name.</summary>
    public IEnumerable<string> Validate(int blockSizeBytes) => AtomicityRules.Check(this, blockSizeBytes);
}
