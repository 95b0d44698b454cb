namespace BlockEmu.Device;

/// <summary>The write-class commands.</summary>
public enum WriteKind
{
    /// <summary>Data.</summary>
    Write,

    /// <summary>Zeroes.</summary>
    WriteZeroes,

    /// <summary>Deallocate; reads as zero afterwards.</summary>
    Trim,
}
