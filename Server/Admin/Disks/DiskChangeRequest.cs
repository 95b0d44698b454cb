namespace BlockEmu.Server.Admin.Disks;

/// <summary>What of a disk can change while it is served; what is absent stays. Described here for the OpenAPI document; sizes
/// are numbers here and may be strings such as "16K" too.</summary>
public sealed record DiskChangeRequest
{
    /// <summary>What clients see while the disk is off unless the move says otherwise: <c>reset</c>, <c>hang</c>, <c>error</c>,
    /// <c>reconnect</c>.
    /// At once also for an outage that lasts.</summary>
    public string? OffBehaviour { get; init; }

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

    /// <summary>When and in which order pending writes become persistent by themselves: <c>oldest</c>, <c>random</c>,
    /// <c>idle</c>, <c>never</c>, <c>rate:10M</c>. At once.</summary>
    public string? Destage { get; init; }

    /// <summary>What commands that run at the same time see of one another: <c>nvme</c>, <c>exclusive</c>, <c>shared</c>,
    /// <c>range</c>, <c>page</c>, <c>hand-over-hand</c>.</summary>
    public string? Isolation { get; init; }

    /// <summary><c>free</c> or <c>adversarial</c>.</summary>
    public string? Interleave { get; init; }

    /// <summary>What a cut loses when it does not say.</summary>
    public string? Loss { get; init; }

    /// <summary>Cut n without a seed of its own takes hash(seed, n).</summary>
    public ulong? Seed { get; init; }
}
