using System.Text.Json.Serialization;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Hosting.Configuration;

namespace BlockEmu.Server.Admin.Disks;

/// <summary>A disk as the interface shows it: the keys it was made from, and its state. Sizes are bytes.</summary>
public sealed record DiskInfo
{
    public required string Name { get; init; }

    public required long Size { get; init; }

    /// <summary><c>memory</c> or <c>file:PATH</c>.</summary>
    public required string Medium { get; init; }

    public required int Block { get; init; }

    public required long Awun { get; init; }

    public required long Awupf { get; init; }

    public required long Acwu { get; init; }

    /// <summary>The namespace's own unit in place of <c>awun</c>; 0 = none.</summary>
    public required long Nawun { get; init; }

    /// <summary>The namespace's own unit in place of <c>awupf</c>; 0 = none.</summary>
    public required long Nawupf { get; init; }

    /// <summary>The namespace's own unit in place of <c>acwu</c>; 0 = none.</summary>
    public required long Nacwu { get; init; }

    public required long Nabsn { get; init; }

    public required long Nabspf { get; init; }

    public required long Nabo { get; init; }

    public required bool Mam { get; init; }

    /// <summary>"Disable normal": only power-fail atomicity is kept.</summary>
    public required bool Dn { get; init; }

    /// <summary>Size of the volatile cache; 0 = off.</summary>
    public required long Cache { get; init; }

    /// <summary>How much of the newest in the cache survives every power cut; 0 = nothing.</summary>
    public required long Protected { get; init; }

    public required string Destage { get; init; }

    /// <summary>The mode's name.</summary>
    public required string Isolation { get; init; }

    /// <summary><c>free</c> or <c>adversarial</c>.</summary>
    public required string Interleave { get; init; }

    public required string Loss { get; init; }

    /// <summary>Up to 64 bits; drawn ones fit 53.</summary>
    public required ulong Seed { get; init; }

    /// <summary>File medium only: <c>fsync</c> or <c>none</c>.</summary>
    public string? Sync { get; init; }

    /// <summary>File medium only: whether atoms of more than 4 KiB outlive a kill of the server whole.</summary>
    public bool? Redo { get; init; }

    public required bool Readonly { get; init; }

    /// <summary>Whether NBD clients hear that it turns.</summary>
    public required bool Rotational { get; init; }

    /// <summary>Does not exist for clients without TLS: NBD clients that do not begin it, and NVMe hosts, which cannot.</summary>
    public required bool Tls { get; init; }

    /// <summary>NQNs of the NVMe hosts that may connect; absent: any.</summary>
    [JsonPropertyName("nvme-hosts")]
    public IReadOnlyList<string>? NvmeHosts { get; init; }

    public required string Description { get; init; }

    public required int Minblock { get; init; }

    public required int Maxpayload { get; init; }

    /// <summary>NVMe: the preferred write granularity; 0 = the default, 4 KiB or less.</summary>
    public required long Npwg { get; init; }

    /// <summary>NVMe: the optimal I/O boundary; 0 = none.</summary>
    public required long Noiob { get; init; }

    /// <summary><c>on</c>, <c>stopping</c>, <c>off</c>, or <c>failed</c>: on, and its medium is lost.</summary>
    public required string State { get; init; }

    /// <summary>Why it has failed, or why the cut that it is off by could not be judged.</summary>
    public string? Reason { get; init; }

    /// <summary>What clients see while the disk is off unless the move says otherwise: <c>reset</c>, <c>hang</c>,
    /// <c>error</c>, <c>reconnect</c>.</summary>
    public required string OffBehaviour { get; init; }

    /// <summary>Payload of pending atoms.</summary>
    public required long CachedBytes { get; init; }

    public required long PendingAtoms { get; init; }

    public required long PendingCommands { get; init; }

    /// <summary>Bytes allocated on the platter.</summary>
    public required long PersistentBytes { get; init; }

    /// <summary>Open connections, of every front end.</summary>
    public required int Connections { get; init; }

    /// <summary>The oldest of them.</summary>
    public required IReadOnlyList<OpenConnectionInfo> OpenConnections { get; init; }

    /// <summary>Power cuts since start.</summary>
    public required long Cuts { get; init; }

    /// <summary>How NVMe hosts know it, whether NVMe is served or not.</summary>
    public required NvmeInfo Nvme { get; init; }

    /// <summary>What its owner should know of it and this host, such as a disk in memory that is larger than that; absent = nothing.</summary>
    public string? Warning { get; init; }

    internal static DiskInfo From(DiskControl control)
    {
        Disk disk = control.Disk;
        DiskOptions options = disk.Options;
        AtomicityParameters atomicity = options.EffectiveAtomicity;
        DiskStatistics statistics = disk.GetStatistics();
        return new DiskInfo
        {
            Name = disk.Name,
            Size = disk.SizeBytes,
            Medium = options.FilePath is null ? "memory" : $"file:{options.FilePath}",
            Block = options.BlockSizeBytes,
            Awun = atomicity.AwunBytes,
            Awupf = atomicity.AwupfBytes,
            Acwu = atomicity.AcwuBytes,
            Nawun = atomicity.NawunBytes,
            Nawupf = atomicity.NawupfBytes,
            Nacwu = atomicity.NacwuBytes,
            Nabsn = atomicity.NabsnBytes,
            Nabspf = atomicity.NabspfBytes,
            Nabo = atomicity.NaboBytes,
            Mam = atomicity.Mam,
            Dn = atomicity.Dn,
            Cache = options.CacheBytes,
            Protected = options.ProtectedBytes,
            Destage = DestageText.Of(options.Destage),
            Isolation = options.Isolation.Name,
            Interleave = options.Isolation.IsAdversarial ? "adversarial" : "free",
            Loss = options.Loss.ToString(),
            Seed = options.Seed,
            Sync = options.FilePath is null ? null : options.SyncToHost ? "fsync" : "none",
            Redo = options.FilePath is null ? null : options.KeepsRedo,
            Readonly = options.IsReadOnly,
            Rotational = control.Served.IsRotational,
            Tls = control.Served.IsTlsOnly,
            NvmeHosts = control.Served.NvmeHosts,
            Description = options.Description,
            Minblock = control.Served.NbdMinimumBlockBytes,
            Maxpayload = control.Served.NbdMaximumPayloadBytes,
            Npwg = control.Served.NvmePreferences.WriteGranularityBytes,
            Noiob = control.Served.NvmePreferences.IoBoundaryBytes,
            State = ApiWords.Of(disk.PowerState),
            Reason = disk.Failure,
            OffBehaviour = ApiWords.Of(control.DefaultOffBehaviour),
            CachedBytes = statistics.CachedBytes,
            PendingAtoms = statistics.PendingAtoms,
            PendingCommands = statistics.PendingCommands,
            PersistentBytes = statistics.PersistentBytes,
            Connections = control.Served.Meter.ConnectionCount,
            OpenConnections = OpenConnectionInfo.From(control),
            Cuts = statistics.Cuts,
            Nvme = NvmeInfo.From(control.Served),
            Warning = control.Warning,
        };
    }
}
