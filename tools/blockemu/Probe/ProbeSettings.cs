using BlockEmu.Cli.Load;

namespace BlockEmu.Cli.Probe;

/// <summary>What to probe, and for how long.</summary>
internal sealed record ProbeSettings
{
    public required NbdUri Uri { get; init; }

    /// <summary>How long the trials without power cuts take together.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The part of the export, from its start, that is overwritten.</summary>
    public required long SpanBytes { get; init; }

    /// <summary>The largest write that is tried on readers and writers; a power of two.</summary>
    public required int LargestBytes { get; init; }

    /// <summary>The largest write that is left pending at a power cut; a power of two.</summary>
    public required int LargestCutBytes { get; init; }

    public required int Connections { get; init; }

    public required int Cuts { get; init; }

    public required ulong Seed { get; init; }
}
