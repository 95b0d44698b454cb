using System.Net;
using BlockEmu.Device;
using BlockEmu.Device.Randomness;
using BlockEmu.Oracle;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Outside;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>Four clients of one disk: each has blocks of its own, and all share the rest.</summary>
internal sealed class LoadCrew
{
    public const int DiskBytes = 4 << 20;
    private const int Clients = 4;
    private const int OwnedBytes = 256 << 10;

    private readonly OwnedBlocks[] _owned;
    private readonly TraceGeometry _geometry;
    private readonly long _awunBytes;
    private LoadClient[] _clients = [];
    private ClientLog _log;
    private WholeImage _first = new(new byte[DiskBytes]);

    /// <param name="geometry">What the disk promises of power cuts.</param>
    /// <param name="awunBytes">What it promises to become visible at once; 0 = nothing.</param>
    public LoadCrew(TraceGeometry geometry, long awunBytes)
    {
        (_geometry, _awunBytes) = (geometry, awunBytes);
        _log = new ClientLog(geometry, awunBytes);
        int blockBytes = geometry.Promise.BlockSizeBytes;
        int blocks = OwnedBytes / blockBytes;
        _owned = [.. Enumerable.Range(0, Clients).Select(i => new OwnedBlocks(i * blocks, blocks, blockBytes))];
    }

    /// <summary>How many blocks replies have made safe since the power came.</summary>
    public int RequiredCount => _owned.Sum(o => o.RequiredCount);

    /// <summary>Connects and starts all four, in turn over each of the endpoints.</summary>
    public void Start(IReadOnlyList<EndPoint> endPoints, ulong seed, Crossing crossing) =>
        Start([.. endPoints.Select(e => (Func<ulong, ILoadDoor>)(_ => new NbdDoor(e)))], seed, crossing);

    /// <summary>Connects and starts all four, in turn through each of the doors, which get the client's seed.</summary>
    public void Start(IReadOnlyList<Func<ulong, ILoadDoor>> doors, ulong seed, Crossing crossing)
    {
        _log = new ClientLog(_geometry, _awunBytes);
        ByteRange shared = new(Clients * OwnedBytes, DiskBytes - (Clients * OwnedBytes));
        _clients =
        [
            .. Enumerable.Range(0, Clients).Select(i => new LoadClient(
                doors[i % doors.Count](SplitMix64.Hash(seed, (ulong)i)), _owned[i], shared, SplitMix64.Hash(seed, (ulong)i), crossing, _log, $"client {i}")),
        ];
        foreach (LoadClient client in _clients)
        {
            client.Start();
        }
    }

    /// <inheritdoc cref="LoadClient.ExpectLoss"/>
    public void ExpectLoss() => Array.ForEach(_clients, static client => client.ExpectLoss());

    /// <inheritdoc cref="LoadClient.ForbidMore"/>
    public void ForbidMore()
    {
        _log.Cut();
        Array.ForEach(_clients, static client => client.ForbidMore());
    }

    /// <summary>Waits until all connections are done; nobody may have seen anything wrong.</summary>
    public void Finish(string seed)
    {
        // All of them first: each holds a thread and a connection.
        string?[] complaints = [.. _clients.Select(client => client.Finish())];
        Assert.True(Array.TrueForAll(complaints, c => c is null), $"{seed}: {string.Join("; ", complaints.OfType<string>())}");
    }

    /// <summary>What the disk holds after a cut, against what the clients had seen: the oracle from outside.</summary>
    public void Judge(byte[] disk, string seed)
    {
        Verdict verdict = OutsideOracle.Judge(_log, _first, new WholeImage(disk));
        Assert.True(verdict.IsLegal, $"{seed}: from outside: {verdict}");
    }

    /// <inheritdoc cref="OwnedBlocks.Restart"/>
    public void Restart(byte[] disk)
    {
        _first = new WholeImage(disk);
        foreach (OwnedBlocks owned in _owned)
        {
            owned.Restart(disk);
        }
    }
}
