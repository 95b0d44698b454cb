using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;
using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Server.Admin;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Metrics;

/// <summary>All instruments of the server, in one meter per server; any listener may read them. Nothing is recorded
/// per request: observing adds up the plain counters of disks and connections.</summary>
public sealed class BlockEmuMetrics : IDisposable
{
    public const string MeterName = "BlockEmu";

    private readonly DiskDirectory _disks;

    public BlockEmuMetrics(DiskDirectory disks, ProtocolErrors protocolErrors)
    {
        _disks = disks;
        Meter = new Meter(MeterName, Version);
        CreateRequestInstruments();
        CreateDiskInstruments();
        CreatePowerInstruments();
        Meter.CreateObservableCounter(
            "blockemu_protocol_errors_total",
            () => protocolErrors.Read().Select(e => new Measurement<long>(
                e.Count, new("front_end", e.Label.FrontEnd), new("kind", e.Label.Kind))),
            description: "What clients did wrong on the wire, by kind.");
        CreateProcessInstruments();
        Exposition = new MeterExposition(Meter);
    }

    public Meter Meter { get; }

    internal MeterExposition Exposition { get; }

    /// <summary>The disks whose histograms go beside the instruments.</summary>
    public IEnumerable<ServedDisk> Disks => _disks.Registry.All;

    internal static string Version { get; } =
        typeof(BlockEmuMetrics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private void CreateRequestInstruments()
    {
        Meter.CreateObservableCounter("blockemu_requests_total", () => PerConnectionSum(static (meter, op, add) =>
            {
                add(meter.Succeeded[op], "ok");
                add(meter.Failed[op], "error");
            }),
            description: "Requests answered, by operation and result.");
        Meter.CreateObservableCounter(
            "blockemu_request_bytes_total", () => PerConnectionSum(static (meter, op, add) => add(meter.Bytes[op], null)),
            unit: "bytes", description: "Bytes of requests that succeeded, by operation.");
        Meter.CreateObservableCounter(
            "blockemu_fua_requests_total", () => PerConnectionSum(static (meter, op, add) => add(meter.Fua[op], null)),
            description: "Requests that asked for FUA, by operation.");
        Meter.CreateObservableGauge("blockemu_requests_in_flight", () => Disks.SelectMany(d => d.Meter.Read().Select(m =>
                new Measurement<int>(m.InFlight, Label(d), new("front_end", m.FrontEnd)))),
            description: "Requests accepted and not yet answered.");
        Meter.CreateObservableGauge(
            "blockemu_connections", () => Disks.Select(d => new Measurement<int>(d.Meter.ConnectionCount, Label(d))),
            description: "Connections that have the disk open.");
    }

    private void CreateDiskInstruments()
    {
        Gauge("blockemu_size_bytes", static d => d.Disk.SizeBytes, "bytes", "The disk's size.");
        FromStatistics("blockemu_cached_bytes", static s => s.CachedBytes, "bytes", "Payload of pending atoms in the volatile cache.");
        FromStatistics("blockemu_pending_atoms", static s => s.PendingAtoms, null, "Atoms that a power cut now could lose.");
        FromStatistics("blockemu_pending_commands", static s => s.PendingCommands, null, "Commands with such atoms.");
        FromStatistics("blockemu_persistent_bytes", static s => s.PersistentBytes, "bytes", "Bytes allocated on the platter.");
        FromStatistics("blockemu_arena_bytes", static s => s.ArenaBytes, "bytes", "Native memory held for the disk's pages.");
        CountStatistics("blockemu_destaged_bytes_total", static s => s.DestagedBytes, "bytes", "Payload made persistent.");
        CountStatistics(
            "blockemu_full_cache_writes_total", static s => s.FullCacheWrites, null,
            "Write-class commands carried out as with FUA because the cache was full (destage=never).");
        FromStatistics("blockemu_visible_sequence", static s => s.NewestSequence, null, "Steps so far: every one up to it is visible.");
        FromStatistics(
            "blockemu_cached_sequence", static s => s.NewestAcknowledgedPrefix, null, "Every step up to it was acknowledged, or has failed.");
        FromStatistics(
            "blockemu_persistent_sequence", static s => s.NewestPersistentPrefix, null, "No step up to it can be lost any more.");
        CountStatistics("blockemu_flushes_total", static s => s.Flushes, null, "Flushes acknowledged.");
        CountStatistics("blockemu_fua_writes_total", static s => s.FuaWrites, null, "Write-class commands with FUA acknowledged.");
    }

    private void CreatePowerInstruments()
    {
        Gauge("blockemu_power_on", static d => d.Disk.PowerState == PowerState.On ? 1 : 0, null, "1 while the disk's power is on, else 0.");
        Gauge(
            "blockemu_disk_failed", static d => d.Disk.Failure is null ? 0 : 1, null,
            "1 while the disk's medium is lost, or its cut could not be judged, else 0.");
        Meter.CreateObservableCounter("blockemu_cuts_total", () => _disks.All.SelectMany(static control =>
                Enum.GetValues<LossModelKind>().Select(kind => new Measurement<long>(
                    control.Tally.CutsWith(kind), Label(control.Served), new("loss", ApiWords.Of(kind))))),
            description: "Power cuts, by loss model; recuts are counted by themselves.");
        CountTally("blockemu_recuts_total", static t => t.Recuts, "Cuts judged again.");
        CountTally("blockemu_cuts_not_judged_total", static t => t.NotJudged, "Times that the medium did not let a cut or recut be judged.");
        CountTally("blockemu_cut_atoms_kept_total", static t => t.AtomsKept, "Pending atoms that survived a cut.");
        CountTally("blockemu_cut_atoms_lost_total", static t => t.AtomsLost, "Pending atoms that a cut lost.");
        CountTally("blockemu_cut_commands_torn_total", static t => t.CommandsTorn, "Commands of which a cut kept a part.");
    }

    private void CreateProcessInstruments()
    {
        Process process = Process.GetCurrentProcess();
        double startTime = new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
        Meter.CreateObservableGauge(
            "blockemu_build_info", () => new Measurement<int>(1, [new("version", Version), new("runtime", Environment.Version.ToString())]),
            description: "1, with the build's version.");
        Meter.CreateObservableCounter(
            "blockemu_process_cpu_seconds_total", () => Environment.CpuUsage.TotalTime.TotalSeconds, "seconds", "Processor time.");
        Meter.CreateObservableGauge("blockemu_process_resident_memory_bytes", () => Environment.WorkingSet, "bytes", "Resident memory.");
        Meter.CreateObservableGauge("blockemu_process_start_time_seconds", () => startTime, "seconds", "Start, since the epoch.");
        Meter.CreateObservableGauge("blockemu_process_threads", () => ReadThreads(process), description: "Threads.");
        Meter.CreateObservableGauge("blockemu_gc_heap_bytes", () => GC.GetTotalMemory(false), "bytes", "Managed heap in use.");
        Meter.CreateObservableCounter(
            "blockemu_gc_allocated_bytes_total", () => GC.GetTotalAllocatedBytes(), "bytes", "Managed bytes allocated.");
        Meter.CreateObservableCounter(
            "blockemu_gc_pause_seconds_total", () => GC.GetTotalPauseDuration().TotalSeconds, "seconds", "Time stopped for collections.");
        Meter.CreateObservableCounter("blockemu_gc_collections_total", () => Enumerable.Range(0, GC.MaxGeneration + 1).Select(static g =>
            new Measurement<int>(GC.CollectionCount(g), new KeyValuePair<string, object?>("generation", g))), description: "Collections, by generation.");
    }

    private static int ReadThreads(Process process)
    {
        process.Refresh();
        return process.Threads.Count;
    }

    private delegate void AddSum(long value, string? result);

    private List<Measurement<long>> PerConnectionSum(Action<ConnectionMeter, int, AddSum> read)
    {
        List<Measurement<long>> sums = [];
        foreach (ServedDisk disk in Disks)
        {
            foreach (ConnectionMeter meter in disk.Meter.Read())
            {
                for (int op = 0; op < ConnectionMeter.OperationCount; op++)
                {
                    KeyValuePair<string, object?>[] labels = [Label(disk), new("front_end", meter.FrontEnd), new("op", NameOf((DiskOperation)op))];
                    read(meter, op, (value, result) => sums.Add(new Measurement<long>(
                        value, result is null ? labels : [.. labels, new("result", result)])));
                }
            }
        }

        return sums;
    }

    internal static string NameOf(DiskOperation operation) => operation switch
    {
        DiskOperation.Read => "read",
        DiskOperation.Write => "write",
        DiskOperation.WriteZeroes => "write_zeroes",
        DiskOperation.Trim => "trim",
        DiskOperation.Flush => "flush",
        DiskOperation.Cache => "cache",
        DiskOperation.BlockStatus => "block_status",
        DiskOperation.Compare => "compare",
        DiskOperation.Copy => "copy",
        DiskOperation.Verify => "verify",
        _ => "write_uncorrectable",
    };

    private static KeyValuePair<string, object?> Label(ServedDisk disk) => new("disk", disk.Disk.Name);

    private void Gauge(string name, Func<ServedDisk, long> read, string? unit, string description) => Meter.CreateObservableGauge(
        name, () => Disks.Select(d => new Measurement<long>(read(d), Label(d))), unit, description);

    private void FromStatistics(string name, Func<DiskStatistics, long> read, string? unit, string description) =>
        Gauge(name, d => read(d.Disk.GetStatistics()), unit, description);

    private void CountStatistics(string name, Func<DiskStatistics, long> read, string? unit, string description) =>
        Meter.CreateObservableCounter(
            name, () => Disks.Select(d => new Measurement<long>(read(d.Disk.GetStatistics()), Label(d))), unit, description);

    private void CountTally(string name, Func<PowerTally, long> read, string description) => Meter.CreateObservableCounter(
        name, () => _disks.All.Select(c => new Measurement<long>(read(c.Tally), Label(c.Served))), description: description);

    public void Dispose()
    {
        Exposition.Dispose();
        Meter.Dispose();
    }
}
