using System.Collections.Concurrent;
using BlockEmu.Device.Power;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Transport;

/// <summary>One front end's connections, by disk.</summary>
internal sealed class DiskRooms(DiskRegistry disks, TimeSpan silenceGrace, IPowerLog log) : IDisposable
{
    // Protects the making of a room against the removal of its disk.
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<ServedDisk, DiskConnections> _rooms = new();

    /// <summary>Disks for which something is kept here.</summary>
    public int Count => _rooms.Count;

    /// <summary>How many connections have a disk open.</summary>
    public int CountConnections(ServedDisk disk) =>
        _rooms.TryGetValue(disk, out DiskConnections? room) ? room.CountTransmitting() : 0;

    /// <summary>The connections of a disk; null once it has left the registry.</summary>
    public DiskConnections? Find(ServedDisk served)
    {
        if (_rooms.TryGetValue(served, out DiskConnections? room))
        {
            return room;
        }

        lock (_gate)
        {
            if (!disks.All.Contains(served))
            {
                return null;
            }

            // Made under the lock: each subscribes to its disk, so a second one must never be made and dropped.
            return _rooms.GetOrAdd(served, s => new DiskConnections(s, silenceGrace, log));
        }
    }

    /// <summary>For whoever moved a disk's power, or took the disk from the registry: returns when no connection of the disk
    /// can send a success that was decided before; a disk that has power and is still served is left alone. The disk's own PowerChanged has done the same
    /// before its cut returned: this is for callers that must not depend on it. Bounded by <see cref="FrontEndLimits.SilenceGrace"/>: a
    /// connection whose client does not take its replies by then is reset.</summary>
    public void Silence(ServedDisk disk)
    {
        ArgumentNullException.ThrowIfNull(disk);
        bool isRemoved;
        DiskConnections? room;
        lock (_gate)
        {
            // Gone for good, so that nothing of it is kept: nobody can name it any more, and Find makes it no new one.
            isRemoved = !disks.All.Contains(disk);
            _rooms.TryGetValue(disk, out room);
            if (isRemoved)
            {
                _rooms.TryRemove(disk, out _);
            }
        }

        if (isRemoved || disk.Disk.PowerState == PowerState.Off)
        {
            room?.Silence();
        }

        if (isRemoved)
        {
            room?.Dispose();
        }
    }

    /// <summary>After the last connection has ended.</summary>
    public void Dispose()
    {
        foreach (DiskConnections room in _rooms.Values)
        {
            room.Dispose();
        }
    }
}
