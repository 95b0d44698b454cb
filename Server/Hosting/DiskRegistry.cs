using System.Collections.Immutable;

namespace BlockEmu.Server.Hosting;

/// <summary>The disks being served, in the order they were added; the first is the default export.</summary>
public sealed class DiskRegistry
{
    private ImmutableArray<ServedDisk> _disks = [];

    public ImmutableArray<ServedDisk> All => _disks;

    /// <summary>Raised after a disk came or went, on the thread that did it.</summary>
    public event Action? Changed;

    /// <summary>Finds by name; the empty name is the first disk.</summary>
    public ServedDisk? Find(string name)
    {
        ImmutableArray<ServedDisk> disks = _disks;
        return name.Length == 0 ? disks.FirstOrDefault() : disks.FirstOrDefault(d => d.Disk.Name == name);
    }

    /// <summary>False when the name is taken.</summary>
    public bool TryAdd(ServedDisk disk)
    {
        bool added = false;
        ImmutableInterlocked.Update(ref _disks, disks =>
        {
            added = disks.All(d => d.Disk.Name != disk.Disk.Name);
            return added ? disks.Add(disk) : disks;
        });
        return Announce(added);
    }

    public bool TryRemove(ServedDisk disk) => Announce(ImmutableInterlocked.Update(ref _disks, disks => disks.Remove(disk)));

    private bool Announce(bool hasChanged)
    {
        if (hasChanged)
        {
            Changed?.Invoke();
        }

        return hasChanged;
    }
}
