using System.Net;
using BlockEmu.Device;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>Four clients of one disk: each has blocks of its own, and all share the rest.</summary>
internal sealed class LoadCrew
{
    public const int DiskBytes = 4 << 20;
    private const int Clients = 4;
    private const int OwnedBytes = 256 << 10;

    private readonly OwnedBlocks[] _owned;
    private LoadClient[] _clients = [];

    public LoadCrew(int blockBytes)
    {
        int blocks = OwnedBytes / blockBytes;
        _owned = [.. Enumerable.Range(0, Clients).Select(i => new OwnedBlocks(i * blocks, blocks, blockBytes))];
    }

    /// <summary>How many blocks replies have made safe since the power came.</summary>
    public int RequiredCount => _owned.Sum(o => o.RequiredCount);

    /// <summary>Connects and starts all four, in turn over each of the endpoints.</summary>
    public void Start(IReadOnlyList<EndPoint> endPoints, ulong seed, Crossing crossing)
    {
        ByteRange shared = new(Clients * OwnedBytes, DiskBytes - (Clients * OwnedBytes));
        _clients =
        [
            .. Enumerable.Range(0, Clients).Select(i => new LoadClient(
                endPoints[i % endPoints.Count], _owned[i], shared, SplitMix64.Hash(seed, (ulong)i), crossing)),
        ];
        foreach (LoadClient client in _clients)
        {
            client.Start();
        }
    }

    /// <inheritdoc cref="LoadClient.ExpectLoss"/>
    public void ExpectLoss() => Array.ForEach(_clients, static client => client.ExpectLoss());

    /// <inheritdoc cref="LoadClient.ForbidMore"/>
    public void ForbidMore() => Array.ForEach(_clients, static client => client.ForbidMore());

    /// <summary>Waits until all connections are done; nobody may have seen anything wrong.</summary>
    public void Finish(string seed)
    {
        // All of them first: each holds a thread and a connection.
        string?[] complaints = [.. _clients.Select(client => client.Finish())];
        Assert.True(Array.TrueForAll(complaints, c => c is null), $"{seed}: {string.Join("; ", complaints.OfType<string>())}");
    }

    /// <summary>What the disk holds after a cut, against what each client had been told.</summary>
    public void Judge(ReadOnlySpan<byte> disk, string seed)
    {
        for (int i = 0; i < Clients; i++)
        {
            string? broken = _owned[i].FindBroken(disk);
            Assert.True(broken is null, $"{seed}: client {i}: {broken}");
        }
    }

    /// <inheritdoc cref="OwnedBlocks.Restart"/>
    public void Restart(ReadOnlySpan<byte> disk)
    {
        foreach (OwnedBlocks owned in _owned)
        {
            owned.Restart(disk);
        }
    }
}
