using System.Collections.Concurrent;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Server.Hosting.Configuration;

namespace BlockEmu.Server.Hosting;

/// <summary>Opens and closes disks: the registry that front ends see, and each disk's power switch.</summary>
/// <param name="time">Stamps reports.</param>
/// <param name="logger">Hears of media that fail.</param>
/// <param name="hasTls">Whether a disk can be for TLS only.</param>
public sealed class DiskDirectory(TimeProvider time, ILogger logger, bool hasTls = false) : IDisposable
{
    private readonly ConcurrentDictionary<ServedDisk, DiskControl> _controls = new();

    // Protects opening against opening and against the end: two requests must not create one image twice.
    private readonly Lock _opening = new();
    private readonly HostMemory _memory = new();
    private bool _isClosed;

    public DiskRegistry Registry { get; } = new();

    /// <summary>Makes the front ends' connections of a disk mute; set once they exist.</summary>
    public Action<ServedDisk> Silence { get; set; } = static _ => { };

    /// <summary>Where disks that are made over HTTP may have their images.</summary>
    public MediaRoots MediaRoots { get; init; } = new([], mayBeAnywhere: false);

    /// <summary>Hears of each disk that was opened.</summary>
    public Action<Disk> Opened { get; set; } = static _ => { };

    /// <summary>Hears a sentence about a disk that may be too large for the host.</summary>
    public Action<string> Warn { get; set; } = static _ => { };

    public IEnumerable<DiskControl> All => Registry.All.Select(Find).OfType<DiskControl>();

    public DiskControl? Find(string name) => name.Length > 0 && Registry.Find(name) is { } served ? Find(served) : null;

    private DiskControl? Find(ServedDisk served) => _controls.GetValueOrDefault(served);

    /// <summary>Opens a disk, powered on. Throws <see cref="ArgumentException"/> or <see cref="DeviceIoException"/> with
    /// a message that names the option; returns null when the name is taken.</summary>
    public DiskControl? TryOpen(DiskSpec spec)
    {
        if (spec.IsTlsOnly && !hasTls)
        {
            throw new ArgumentException("tls: nobody could reach it: TLS is off; give the server --tls-cert FILE");
        }

        lock (_opening)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            if (Registry.All.Any(d => d.Disk.Name == spec.Options.Name))
            {
                return null;
            }

#pragma warning disable CA2000 // The directory owns the disk from here on.
            ServedDisk served = new(OpenDisk(spec))
            {
                IsTlsOnly = spec.IsTlsOnly,
                IsHiddenFromNvme = spec.IsTlsOnly,
                NvmeHosts = spec.NvmeHosts,
                NbdMinimumBlockBytes = spec.NbdMinimumBlockBytes,
                NbdMaximumPayloadBytes = spec.NbdMaximumPayloadBytes,
                IsRotational = spec.IsRotational,
                NvmePreferences = spec.NvmePreferences,
            };
#pragma warning restore CA2000
            DiskControl control = new(served, time, disk => Silence(disk), logger) { Warning = WarningOf(spec.Options) };
            if (control.Warning is not null)
            {
                Warn(control.Warning);
            }

            DiskLog.Follow(served.Disk, logger);
            control.BeginDestaging();
            _controls[served] = control;
            Registry.TryAdd(served);
            Opened(served.Disk);
            return control;
        }
    }

    private string? WarningOf(DiskOptions options) => options.FilePath is not null ? null : _memory.Warn(
        options.Name, options.SizeBytes, _controls.Values.Where(static c => c.Disk.Options.FilePath is null).Sum(static c => c.Disk.SizeBytes));

    private static Disk OpenDisk(DiskSpec spec)
    {
        Disk disk = new(spec.Options);
        if (disk.SizeBytes % spec.NbdMinimumBlockBytes == 0)
        {
            return disk;
        }

        // Of an image whose size was not given it is known only now.
        string fault = ServedDisk.OffGrid(disk.SizeBytes, spec.NbdMinimumBlockBytes);
        disk.Dispose();
        throw new ArgumentException($"minblock: {fault}", nameof(spec));
    }

    /// <summary>Takes a disk out of service: flushed and off; an image file stays. False, and nothing has changed, when its flush fails.
    /// Throws <see cref="ObjectDisposedException"/> when somebody else has taken it out.</summary>
    /// <param name="control">The disk's.</param>
    /// <param name="acceptLoss">Whether a disk that has failed goes as well: what it had cached is lost.</param>
    public async Task<bool> CloseAsync(DiskControl control, bool acceptLoss)
    {
        if (await control.RetireAsync(acceptLoss) != DiskStatus.Ok)
        {
            return false;
        }

        // The registry decides who closes it when two ask at once.
        if (Registry.TryRemove(control.Served))
        {
            _controls.TryRemove(control.Served, out _);
            control.Served.OffBehaviour = OffBehaviour.Reset;
            Silence(control.Served);
            control.Dispose();
            control.Disk.Dispose();
        }

        return true;
    }

    /// <summary>Closes what is left without a flush; <see cref="CloseAsync"/> is the orderly way.</summary>
    public void Dispose()
    {
        lock (_opening)
        {
            _isClosed = true;
            foreach (DiskControl control in _controls.Values)
            {
                Registry.TryRemove(control.Served);
                control.Dispose();
                control.Disk.Dispose();
            }

            _controls.Clear();
        }
    }
}
