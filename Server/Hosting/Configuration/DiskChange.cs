using BlockEmu.Device.Geometry;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>Keys of a disk given anew while it is served: those whose <see cref="DiskKey.CanChange"/> is set.</summary>
internal sealed class DiskChange
{
    private readonly List<(DiskKey Key, string Value)> _values = [];

    public static string AllNames { get; } = string.Join(", ", DiskKeys.All.Where(k => k.CanChange).Select(k => k.Name));

    /// <summary>Takes a key that can change; its value is judged by <see cref="Apply"/>.</summary>
    public void Add(DiskKey key, string value) => _values.Add((key, value));

    /// <summary>The options with the change made, and every fault of it: with one, nothing may be changed.</summary>
    public (DiskOptions Options, IReadOnlyList<Fault> Faults) Apply(DiskOptions now)
    {
        DiskDraft draft = DiskDraft.From(now);
        foreach ((DiskKey key, string value) in _values)
        {
            draft.Set(key.Name, value);
        }

        DiskOptions next = draft.Amend(now);
        HashSet<string> told = [.. draft.Faults.Select(f => f.Field)];
        return (next, [.. draft.Faults, .. next.Validate().Select(Fault.FromDevice).Select(NameKey).Where(f => !told.Contains(f.Field))]);
    }

    /// <summary>A cache that has become too small cannot change: the unit that outgrew it is at fault.</summary>
    private Fault NameKey(Fault fault) =>
        fault.Field != "cache" ? fault
        : new Fault(_values.Exists(v => v.Key.Name == "nawupf") ? "nawupf" : "awupf", $"the cache, {fault.Detail}");
}
