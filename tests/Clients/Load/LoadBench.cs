using System.Net;
using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Randomness;
using BlockEmu.Oracle;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Traces;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Nbd;
using BlockEmu.Server.NvmeTcp;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>A disk that writes down its event log, served over TCP and a Unix socket, and over NVMe/TCP if asked for, under four
/// clients, cut again and again.</summary>
internal sealed class LoadBench : IAsyncDisposable
{
    private const int Recuts = 2;
    private readonly TempFolder _folder = new();
    private readonly DiskRegistry _disks = new();
    private readonly TraceRecorder _recorder;
    private readonly ServedDisk _served;
    private readonly NbdFrontEnd _frontEnd;
    private readonly NvmeTcpFrontEnd? _nvme;
    private readonly Func<ulong, ILoadDoor>[] _doors;
    private readonly LoadCrew _crew;
    private readonly ulong _seed;
    private SplitMix64 _chance;
    private WholeImage _first;

    public LoadBench(ulong seed, bool isFile, bool hasNvme = false)
    {
        _seed = seed;
        _chance = new SplitMix64(seed);
        DiskOptions options = DrawOptions(isFile ? _folder.File("image") : null);
        _recorder = new TraceRecorder(options);
        _served = new ServedDisk(new Disk(options, _recorder));
        Assert.True(_disks.TryAdd(_served));
        _frontEnd = new NbdFrontEnd(_disks, TimeProvider.System, new ProtocolErrors(), NullLogger<NbdFrontEnd>.Instance);
        string[] endPoints = ["127.0.0.1:0", $"unix:{_folder.File("nbd.sock")}"];
        EndPoint[] bound = [.. endPoints.Select(text => _frontEnd.Listen(LiveServer.Parse(text)).EndPoint)];
        _doors = [.. bound.Select(e => (Func<ulong, ILoadDoor>)(_ => new NbdDoor(e)))];
        if (hasNvme)
        {
            _nvme = new NvmeTcpFrontEnd(_disks, TimeProvider.System, new ProtocolErrors(), NullLogger<NvmeTcpFrontEnd>.Instance);
            EndPoint nvme = _nvme.Listen(LiveServer.Parse("127.0.0.1:0")).EndPoint;
            _doors = [_doors[0], host => new NvmeDoor(nvme, host), _doors[1], host => new NvmeDoor(nvme, host)];
        }

        _crew = new LoadCrew(
            new TraceGeometry(options.SizeBytes, TraceRecorder.PromiseOf(options), options.CacheBytes != 0),
            options.EffectiveAtomicity.AwunBytes);
        _first = new WholeImage(new byte[LoadCrew.DiskBytes]);
    }

    private Disk Disk => _served.Disk;

    /// <summary>Load, a cut at a random instant, judgement, power on.</summary>
    /// <returns>How many blocks the clients knew to be safe, and how many commands were pending.</returns>
    public (int Required, int Pending) CutOnce(int round)
    {
        using Crossing crossing = new(1 + (long)_chance.NextBelow(1200));
        ulong roundSeed = SplitMix64.Hash(_seed, (ulong)round);
        _crew.Start(_doors, roundSeed, crossing);
        Assert.True(crossing.Wait(LiveServer.Patience), $"seed {_seed}, round {round}: the load does not get on");
        _served.OffBehaviour = (OffBehaviour)_chance.NextBelow(3);
        LossModel loss = DrawLoss();
        _crew.ExpectLoss();
        CutReport report = Disk.Cut(roundSeed, loss);
        _frontEnd.Silence(_served);
        _crew.ForbidMore();
        string what = $"seed {_seed}, round {round}, {loss}, {_served.OffBehaviour}, block {Disk.Options.BlockSizeBytes}, "
            + $"awupf {Disk.Options.EffectiveAtomicity.EffectiveAwupfBytes}, cache {Disk.Options.CacheBytes}";

        // The oracle's judgement first, as long as the disk is off; the clients' when they have read what had arrived.
        List<(string What, WholeImage Platter)> platters = [(what, JudgePlatter(what, loss))];
        for (int i = 0; i < Recuts; i++)
        {
            LossModel again = i == 0 ? LossModel.LoseAll : DrawLoss();
            Disk.Recut(_chance.Next() >> 11, again);
            platters.Add(($"{what}, then {again}", JudgePlatter($"{what}, then {again}", again)));
        }

        Disk.PowerOn();
        _crew.Finish(what);
        foreach ((string which, WholeImage platter) in platters)
        {
            _crew.Judge(platter.Bytes, which);
        }

        int required = _crew.RequiredCount;
        _first = platters[^1].Platter;
        _crew.Restart(_first.Bytes);
        return (required, report.Pending.Count);
    }

    public async ValueTask DisposeAsync()
    {
        await _frontEnd.DisposeAsync();
        if (_nvme is not null)
        {
            await _nvme.DisposeAsync();
        }

        Disk.Dispose();
        _folder.Dispose();
    }

    private WholeImage JudgePlatter(string what, LossModel loss)
    {
        WholeImage platter = WholeImage.Of(Disk);
        LossClaim claim = loss.Kind switch
        {
            LossModelKind.LoseAll => LossClaim.LoseAll,
            LossModelKind.KeepAll => LossClaim.KeepAll,
            LossModelKind.Fifo => LossClaim.Fifo,
            LossModelKind.Epoch => LossClaim.Epoch,
            LossModelKind.Adversary => LossClaim.Adversary,
            _ => LossClaim.Any,
        };
        Verdict verdict = LegalityOracle.Judge(_recorder.Trace, _first, platter, JudgeOptions.Default with { Loss = claim });
        Assert.True(verdict.IsLegal, $"{what}: {verdict}");
        if (Disk.Options.FilePath is { } path)
        {
            Assert.True(platter.Bytes.AsSpan().SequenceEqual(WholeImage.ReadLocked(path)), $"{what}: the file is not the platter");
        }

        return platter;
    }

    private DiskOptions DrawOptions(string? filePath)
    {
        int block = _chance.NextCoin(0.7) ? 512 : 4096;
        long awupf = block << (int)_chance.NextBelow(6);
        long[] caches = [2 * awupf, 256 << 10, 64 << 20, 64 << 20, 64 << 20, 0];
        return new DiskOptions
        {
            Name = LiveServer.DiskName,
            SizeBytes = LoadCrew.DiskBytes,
            BlockSizeBytes = block,
            Atomicity = new AtomicityParameters { AwunBytes = awupf, AwupfBytes = awupf, AcwuBytes = awupf },
            CacheBytes = caches[_chance.NextBelow((ulong)caches.Length)],
            FilePath = filePath,
            SyncToHost = _chance.NextCoin(0.5),
            Seed = _seed,
        };
    }

    private LossModel DrawLoss() => _chance.NextBelow(9) switch
    {
        0 => LossModel.LoseAll,
        1 => LossModel.KeepAll,
        2 => LossModel.Fifo,
        3 => LossModel.Random(0.1),
        4 => LossModel.Random(0.9),
        5 => LossModel.Aged(0.9, 0.1),
        6 => LossModel.Epoch,
        7 => LossModel.Adversary,
        _ => LossModel.Default,
    };
}
