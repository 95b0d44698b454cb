namespace BlockEmu.Cli.Load;

/// <summary>How to measure, whatever the case.</summary>
internal sealed record LoadSettings
{
    public required TimeSpan WarmUp { get; init; }

    public required TimeSpan Duration { get; init; }

    public required int Rounds { get; init; }

    /// <summary>The part of the disk, from its start, that is read and written.</summary>
    public required long SpanBytes { get; init; }

    public required ulong Seed { get; init; }
}
