namespace BlockEmu.Oracle.Traces;

/// <summary>The write-class commands.</summary>
public enum StepKind
{
    /// <summary>Data.</summary>
    Write,

    /// <summary>Zeroes.</summary>
    WriteZeroes,

    /// <summary>Deallocate; reads as zero afterwards.</summary>
    Trim,
}
