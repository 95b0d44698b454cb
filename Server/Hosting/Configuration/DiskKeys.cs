using System.Globalization;
using System.Numerics;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Isolation;
using BlockEmu.Device.Power;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>The table of a disk's keys.</summary>
internal static class DiskKeys
{
    private const int MaxDescriptionChars = 1024;

    private static readonly DiskKey[] _all =
    [
        new("name", DiskKeyForm.Text, static (d, v) => Take(d.Name = v)),
        new("profile", DiskKeyForm.Text, static (d, v) => d.TakeProfile(v)),
        new("size", DiskKeyForm.Number, static (d, v) => Size(v, n => d.SizeBytes = n, minimum: 1)),
        new("medium", DiskKeyForm.Text, Medium),
        new("block", DiskKeyForm.Number, static (d, v) => Block(d, v)),
        new("awun", DiskKeyForm.Number, static (d, v) => Size(v, n => d.AwunBytes = n), CanChange: true),
        new("awupf", DiskKeyForm.Number, static (d, v) => Size(v, n => d.AwupfBytes = n), CanChange: true),
        new("acwu", DiskKeyForm.Number, static (d, v) => Size(v, n => d.AcwuBytes = n), CanChange: true),
        new("nawun", DiskKeyForm.Number, static (d, v) => Size(v, n => d.NawunBytes = n), CanChange: true),
        new("nawupf", DiskKeyForm.Number, static (d, v) => Size(v, n => d.NawupfBytes = n), CanChange: true),
        new("nacwu", DiskKeyForm.Number, static (d, v) => Size(v, n => d.NacwuBytes = n), CanChange: true),
        new("nabsn", DiskKeyForm.Number, static (d, v) => Size(v, n => d.NabsnBytes = n), CanChange: true),
        new("nabspf", DiskKeyForm.Number, static (d, v) => Size(v, n => d.NabspfBytes = n), CanChange: true),
        new("nabo", DiskKeyForm.Number, static (d, v) => Size(v, n => d.NaboBytes = n), CanChange: true),
        new("mam", DiskKeyForm.Switch, static (d, v) => Switch(v, on => d.Mam = on), CanChange: true),
        new("dn", DiskKeyForm.Switch, static (d, v) => Switch(v, on => d.Dn = on), CanChange: true),
        new("cache", DiskKeyForm.NumberOrSwitch, Cache),
        new("protected", DiskKeyForm.Number, static (d, v) => Size(v, n => d.ProtectedBytes = n)),
        new("destage", DiskKeyForm.Text, Destage, CanChange: true),
        new("isolation", DiskKeyForm.Text, Isolation, CanChange: true),
        new("interleave", DiskKeyForm.Text, Interleave, CanChange: true),
        new("loss", DiskKeyForm.Text, Loss, CanChange: true),
        new("seed", DiskKeyForm.Number, Seed, CanChange: true),
        new("sync", DiskKeyForm.Text, Sync),
        new("redo", DiskKeyForm.Switch, static (d, v) => Switch(v, on => d.KeepsRedo = on)),
        new("readonly", DiskKeyForm.Switch, static (d, v) => Switch(v.Length == 0 ? "on" : v, on => d.IsReadOnly = on)),
        new("rotational", DiskKeyForm.Switch, static (d, v) => Switch(v.Length == 0 ? "on" : v, on => d.IsRotational = on)),
        new("tls", DiskKeyForm.Switch, static (d, v) => Switch(v.Length == 0 ? "on" : v, on => d.IsTlsOnly = on)),
        new("nvme-hosts", DiskKeyForm.Texts, static (d, v) => NvmeHostList.Read(v, names => d.NvmeHosts = names)),
        new("description", DiskKeyForm.Text, Description),
        new("minblock", DiskKeyForm.Number, MinBlock),
        new("maxpayload", DiskKeyForm.Number, MaxPayload),
        new("npwg", DiskKeyForm.Number, static (d, v) => Size(v, n => d.NpwgBytes = n)),
        new("noiob", DiskKeyForm.Number, static (d, v) => Size(v, n => d.NoiobBytes = n)),
    ];

    public static IReadOnlyList<DiskKey> All => _all;

    public static string AllNames { get; } = string.Join(", ", _all.Select(k => k.Name));

    public static DiskKey? Find(string name) => Array.Find(_all, k => k.Name == name);

    private static string? Take(string _) => null;

    private static string? Size(string value, Action<long> take, long minimum = 0)
    {
        if (!ByteSize.TryParse(value, out long bytes) || bytes < minimum)
        {
            return $"'{value}' is not {ByteSize.Examples}";
        }

        take(bytes);
        return null;
    }

    private static string? Switch(string value, Action<bool> take)
    {
        if (value is not ("on" or "off"))
        {
            return $"'{value}' is neither on nor off";
        }

        take(value == "on");
        return null;
    }

    private static string? Medium(DiskDraft draft, string value)
    {
        draft.FilePath = value.StartsWith("file:", StringComparison.Ordinal) ? value[5..] : null;
        return value == "memory" || draft.FilePath is { Length: > 0 }
            ? null
            : $"'{value}' is neither memory nor file:PATH";
    }

    private static string? Block(DiskDraft draft, string value) =>
        Size(value, n => draft.BlockBytes = n is 512 or 4096 ? (int)n : 0) ??
        (draft.BlockBytes == 0 ? BadBlock(draft, value) : null);

    private static string BadBlock(DiskDraft draft, string value)
    {
        draft.BlockBytes = 512;
        return $"'{value}' is neither 512 nor 4096";
    }

    private static string? Cache(DiskDraft draft, string value)
    {
        if (value == "off")
        {
            draft.CacheBytes = 0;
            return null;
        }

        return ByteSize.TryParse(value, out long bytes) && bytes >= 0
            ? Take($"{draft.CacheBytes = bytes}")
            : $"'{value}' is neither off nor {ByteSize.Examples}";
    }

    private static string? Destage(DiskDraft draft, string value)
    {
        if (!DestageText.TryParse(value, out DestagePolicy policy, out string fault))
        {
            return fault;
        }

        draft.Destage = policy;
        return null;
    }

    private static string? Loss(DiskDraft draft, string value)
    {
        if (!LossModel.TryParse(value, out LossModel model, out string fault))
        {
            return fault;
        }

        draft.Loss = model;
        return null;
    }

    private static string? Isolation(DiskDraft draft, string value)
    {
        bool isKnown = IsolationRule.TryParse(value, out IsolationMode mode);
        draft.Isolation = draft.Isolation with { Mode = mode };
        return isKnown ? null : $"'{value}' is none of {string.Join(", ", IsolationRule.Names)}";
    }

    private static string? Interleave(DiskDraft draft, string value)
    {
        draft.Isolation = draft.Isolation with { IsAdversarial = value == "adversarial" };
        return value is "free" or "adversarial" ? null : $"'{value}' is neither free nor adversarial";
    }

    private static string? Seed(DiskDraft draft, string value)
    {
        if (!ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed))
        {
            return $"'{value}' is not a whole number from 0 to {ulong.MaxValue}";
        }

        draft.Seed = seed;
        return null;
    }

    private static string? Sync(DiskDraft draft, string value)
    {
        draft.SyncToHost = value != "none";
        return value is "fsync" or "none" ? null : $"'{value}' is neither fsync nor none";
    }

    private static string? Description(DiskDraft draft, string value)
    {
        draft.Description = value;
        return value.Length > MaxDescriptionChars || value.Any(char.IsControl)
            ? $"must be at most {MaxDescriptionChars} characters, none of them a control character"
            : null;
    }

    private static string? MinBlock(DiskDraft draft, string value)
    {
        if (!ByteSize.TryParse(value, out long bytes) || bytes is < 1 or > 65536 || !BitOperations.IsPow2(bytes))
        {
            return $"'{value}' is not a power of two from 1 to 64K";
        }

        draft.MinBlockBytes = (int)bytes;
        return null;
    }

    private static string? MaxPayload(DiskDraft draft, string value)
    {
        if (!ByteSize.TryParse(value, out long bytes) || bytes is < 1 << 20 or > 64 << 20)
        {
            return $"'{value}' is not a size from 1M to 64M";
        }

        draft.MaxPayloadBytes = (int)bytes;
        return null;
    }
}
