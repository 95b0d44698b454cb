namespace BlockEmu.Cli.Probe;

/// <summary>What a write before a power cut was told.</summary>
internal enum CutGroup
{
    /// <summary>Answered, no more: it may be lost.</summary>
    Plain,

    /// <summary>A flush was sent after its answer, and answered.</summary>
    Flushed,

    /// <summary>It had FUA, and was answered.</summary>
    Fua,
}
