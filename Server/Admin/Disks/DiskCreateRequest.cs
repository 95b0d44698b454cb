using System.Text.Json.Serialization;

namespace BlockEmu.Server.Admin.Disks;

/// <summary>The body that makes a disk: the keys of <c>--disk</c>. Described here for the OpenAPI document; read by
/// <see cref="Hosting.Configuration.DiskSpecJson"/>. Sizes are numbers here and may be strings such as "4G" too.</summary>
public sealed record DiskCreateRequest
{
    public required string Name { get; init; }

    public long? Size { get; init; }

    /// <summary><c>memory</c> or <c>file:PATH</c>.</summary>
    public string? Medium { get; init; }

    public int? Block { get; init; }

    public long? Awun { get; init; }

    public long? Awupf { get; init; }

    public long? Acwu { get; init; }

    /// <summary>The namespace's own units; 0 = as the controller's (<c>awun</c>, <c>awupf</c>, <c>acwu</c>).</summary>
    public long? Nawun { get; init; }

    /// <inheritdoc cref="Nawun"/>
    public long? Nawupf { get; init; }

    /// <inheritdoc cref="Nawun"/>
    public long? Nacwu { get; init; }

    public long? Nabsn { get; init; }

    public long? Nabspf { get; init; }

    public long? Nabo { get; init; }

    public bool? Mam { get; init; }

    /// <summary>"Disable normal": only power-fail atomicity is kept.</summary>
    public bool? Dn { get; init; }

    /// <summary>0 = off.</summary>
    public long? Cache { get; init; }

    public long? Protected { get; init; }

    public string? Destage { get; init; }

    public string? Isolation { get; init; }

    /// <summary><c>free</c> or <c>adversarial</c>.</summary>
    public string? Interleave { get; init; }

    public string? Loss { get; init; }

    public ulong? Seed { get; init; }

    public string? Sync { get; init; }

    public bool? Redo { get; init; }

    public bool? Readonly { get; init; }

    public bool? Tls { get; init; }

    /// <summary>NQNs of the NVMe hosts that may connect; not given: any.</summary>
    [JsonPropertyName("nvme-hosts")]
    public IReadOnlyList<string>? NvmeHosts { get; init; }

    public string? Description { get; init; }

    public int? Minblock { get; init; }

    public int? Maxpayload { get; init; }

    /// <summary>NVMe: the preferred write granularity (NPWG, NPWA); 0 = the default.</summary>
    public long? Npwg { get; init; }

    /// <summary>NVMe: the optimal I/O boundary (NOIOB); 0 = none.</summary>
    public long? Noiob { get; init; }
}
