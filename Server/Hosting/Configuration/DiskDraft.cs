using BlockEmu.Device.Geometry;
using BlockEmu.Device.Isolation;
using BlockEmu.Device.Power;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>A disk while its keys are being read; what was not given takes its default at the end.</summary>
/// <param name="defaultName">The name when none is given; null = one must be.</param>
internal sealed class DiskDraft(string? defaultName)
{
    private readonly HashSet<string> _given = new(StringComparer.Ordinal);
    private readonly List<Fault> _faults = [];

    public string? Name { get; set; }

    public long SizeBytes { get; set; }

    public string? FilePath { get; set; }

    public int BlockBytes { get; set; } = 512;

    public long? AwunBytes { get; set; }

    public long? AwupfBytes { get; set; }

    public long? AcwuBytes { get; set; }

    public long NawunBytes { get; set; }

    public long NawupfBytes { get; set; }

    public long NacwuBytes { get; set; }

    public long NabsnBytes { get; set; }

    public long NabspfBytes { get; set; }

    public long NaboBytes { get; set; }

    public bool Mam { get; set; }

    public bool Dn { get; set; }

    public long CacheBytes { get; set; } = 64L << 20;

    public long ProtectedBytes { get; set; }

    public DestagePolicy Destage { get; set; } = DestagePolicy.Oldest;

    public IsolationRule Isolation { get; set; } = IsolationRule.Default;

    public LossModel Loss { get; set; } = LossModel.Default;

    public ulong? Seed { get; set; }

    public bool SyncToHost { get; set; } = true;

    public bool KeepsRedo { get; set; } = true;

    public bool IsReadOnly { get; set; }

    public bool IsRotational { get; set; }

    public bool IsTlsOnly { get; set; }

    public IReadOnlyList<string>? NvmeHosts { get; set; }

    public string Description { get; set; } = "";

    public int MinBlockBytes { get; set; } = 1;

    public int MaxPayloadBytes { get; set; } = 64 << 20;

    public long NpwgBytes { get; set; }

    public long NoiobBytes { get; set; }

    public IReadOnlyList<Fault> Faults => _faults;

    public void AddFault(string field, string detail) => _faults.Add(new Fault(field, detail));

    /// <summary>Applies one key given as text.</summary>
    public void Set(string key, string value)
    {
        if (DiskKeys.Find(key) is not { } known)
        {
            AddFault(key, $"unknown; a disk has {DiskKeys.AllNames}");
        }
        else if (!_given.Add(key))
        {
            AddFault(key, "given twice");
        }
        else if (known.Apply(this, value) is { } fault)
        {
            AddFault(key, fault);
        }
    }

    /// <summary>Takes a profile's values for the keys that are not given, before or behind it; says what is wrong.</summary>
    public string? TakeProfile(string name)
    {
        if (Profile.Find(name) is not { } profile)
        {
            return $"'{name}' is none of {Profile.AllNames}";
        }

        foreach ((string key, string value) in profile.Keys)
        {
            if (!_given.Contains(key))
            {
                DiskKeys.Find(key)!.Apply(this, value);
            }
        }

        return null;
    }

    /// <summary>awun and acwu that were not given follow awupf: its fault is told once.</summary>
    private bool IsEcho(string field) => field is "awun" or "acwu" && !_given.Contains(field);

    /// <summary>The disk, or null with <see cref="Faults"/> filled: every one of them.</summary>
    public DiskSpec? Build()
    {
        Name ??= defaultName;
        if (Name is null)
        {
            AddFault("name", "missing; for example name=disk0");
        }

        foreach (string key in FilePath is null ? ["sync", "redo"] : Array.Empty<string>())
        {
            if (_given.Contains(key))
            {
                AddFault(key, "only a file medium has it");
            }
        }

        if (SizeBytes % MinBlockBytes != 0 && SizeBytes % BlockBytes == 0)
        {
            AddFault("minblock", ServedDisk.OffGrid(SizeBytes, MinBlockBytes));
        }

        DiskOptions options = new()
        {
            Name = Name ?? "unnamed",
            SizeBytes = SizeBytes,
            BlockSizeBytes = BlockBytes,
            FilePath = FilePath,
            Atomicity = BuildAtomicity(),
            CacheBytes = CacheBytes,
            ProtectedBytes = ProtectedBytes,
            SyncToHost = SyncToHost,
            KeepsRedo = KeepsRedo,
            IsReadOnly = IsReadOnly,
            Description = Description,
            Destage = Destage,
            Isolation = Isolation,
            Loss = Loss,
            Seed = Seed ?? DiskSpec.DrawSeed(),
        };
        NvmePreferences preferences = new(NpwgBytes, NoiobBytes);
        HashSet<string> told = [.. _faults.Select(f => f.Field)];
        IEnumerable<Fault> faults = options.Validate().Concat(preferences.Validate(BlockBytes)).Select(Fault.FromDevice);
        _faults.AddRange(faults.Where(f => !told.Contains(f.Field) && !IsEcho(f.Field)));
        return _faults.Count > 0 ? null : new DiskSpec
        {
            Options = options,
            IsTlsOnly = IsTlsOnly,
            NbdMinimumBlockBytes = MinBlockBytes,
            NbdMaximumPayloadBytes = MaxPayloadBytes,
            IsRotational = IsRotational,
            NvmePreferences = preferences,
            NvmeHosts = NvmeHosts,
        };
    }

    /// <summary>A draft with what a disk has of the keys that can change.</summary>
    public static DiskDraft From(DiskOptions options)
    {
        AtomicityParameters atomicity = options.ConfiguredAtomicity;
        return new DiskDraft(options.Name)
        {
            BlockBytes = options.BlockSizeBytes,
            AwunBytes = atomicity.AwunBytes,
            AwupfBytes = atomicity.AwupfBytes,
            AcwuBytes = atomicity.AcwuBytes,
            NawunBytes = atomicity.NawunBytes,
            NawupfBytes = atomicity.NawupfBytes,
            NacwuBytes = atomicity.NacwuBytes,
            NabsnBytes = atomicity.NabsnBytes,
            NabspfBytes = atomicity.NabspfBytes,
            NaboBytes = atomicity.NaboBytes,
            Mam = atomicity.Mam,
            Dn = atomicity.Dn,
            Destage = options.Destage,
            Isolation = options.Isolation,
            Loss = options.Loss,
            Seed = options.Seed,
        };
    }

    /// <summary>Options with this draft's values for the keys that can change.</summary>
    public DiskOptions Amend(DiskOptions options) => options with
    {
        Atomicity = BuildAtomicity(),
        Destage = Destage,
        Isolation = Isolation,
        Loss = Loss,
        Seed = Seed ?? options.Seed,
    };

    private AtomicityParameters BuildAtomicity()
    {
        long awupf = AwupfBytes ?? Math.Max(4096, BlockBytes);
        return new AtomicityParameters
        {
            AwupfBytes = awupf,
            AwunBytes = AwunBytes ?? awupf,
            AcwuBytes = AcwuBytes ?? awupf,
            NawunBytes = NawunBytes,
            NawupfBytes = NawupfBytes,
            NacwuBytes = NacwuBytes,
            NabsnBytes = NabsnBytes,
            NabspfBytes = NabspfBytes,
            NaboBytes = NaboBytes,
            Mam = Mam,
            Dn = Dn,
        };
    }
}
