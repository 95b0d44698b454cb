namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>What the server was asked to be; already judged, except for what only the host can tell.</summary>
public sealed record ServerOptions
{
    public const string DefaultNbd = "127.0.0.1:10809";

    public const string DefaultAdmin = "127.0.0.1:10810";

    public required IReadOnlyList<DiskSpec> Disks { get; init; }

    /// <summary>Empty = NBD is not served.</summary>
    public required IReadOnlyList<ListenEndpoint> Nbd { get; init; }

    /// <summary>Null = no HTTP at all.</summary>
    public required ListenEndpoint? Admin { get; init; }

    /// <summary>The bearer token's text; null = none is asked for.</summary>
    public string? AdminToken { get; init; }

    /// <summary>Names besides <c>localhost</c> and IP addresses by which clients may call the admin interface.</summary>
    public IReadOnlyList<string> AdminHosts { get; init; } = [];
}
