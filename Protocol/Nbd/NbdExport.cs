namespace BlockEmu.Protocol.Nbd;

/// <summary>An export as the wire describes it.</summary>
public sealed record NbdExport
{
    /// <summary>The canonical name.</summary>
    public required string Name { get; init; }

    /// <summary>Size in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>What it can do.</summary>
    public required NbdTransmissionFlags Flags { get; init; }

    /// <summary>Its grid and its largest payload.</summary>
    public NbdBlockSizes BlockSizes { get; init; } = NbdBlockSizes.Default;

    /// <summary>For people; may be empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>Does not exist for a session without TLS.</summary>
    public bool IsTlsOnly { get; init; }

    /// <summary>The metadata contexts BLOCK_STATUS can tell about, by name.</summary>
    public IReadOnlyList<string> MetaContexts { get; init; } = [];

    /// <summary>Size and flags as they go over the wire.</summary>
    public NbdExportInfo Info => new((ulong)SizeBytes, Flags);
}
