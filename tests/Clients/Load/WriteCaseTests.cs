using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>Each write case that figures are given of, over each transport, with stamped blocks: cut in full flight, judged by
/// the oracle from the bundle and by the client from its replies. A fast path that breaks a promise would count as
/// nothing.</summary>
public sealed class WriteCaseTests
{
    private const ulong Seed = 401;
    private const int Rounds = 2;

    // A cut may fall right behind a flush, with nothing pending: then there is another one.
    private const int MostRounds = 12;
    private const int Recuts = 2;
    private const long ClientBytes = 12 << 20;
    private const long LoadBytes = 48 << 20;

    // Of 4 KiB, so many are enough.
    private const long MaxReplies = 3000;

    public static TheoryData<string, Transport, long> Rows()
    {
        TheoryData<string, Transport, long> rows = [];
        foreach (string name in LoadShape.All.Keys)
        {
            foreach (Transport transport in Enum.GetValues<Transport>())
            {
                rows.Add(name, transport, 64 << 20); // the usual cache: all of it is pending
                rows.Add(name, transport, 2 << 20); // a full one: pages go to the platter all the time
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_cut_in_full_flight_leaves_what_was_promised(string name, Transport transport, long cacheBytes)
    {
        LoadShape shape = LoadShape.All[name];
        DiskOptions options = LiveServer.DefaultDisk with { CacheBytes = cacheBytes, Loss = LossModel.Default };
        await using LiveServer server = await LiveServer.StartAsync(options, hasAdmin: true);
        using CutByHttp power = new($"{server.Host.AdminEndpoint}");
        int blocks = (int)(ClientBytes / options.BlockSizeBytes);
        OwnedBlocks[] owned =
            [.. Enumerable.Range(0, shape.Connections).Select(i => new OwnedBlocks(i * blocks, blocks, options.BlockSizeBytes))];
        long pending = 0;
        int required = 0;
        for (ulong round = 0; round < Rounds || (round < MostRounds && !HasTested(shape, pending, required)); round++)
        {
            ulong seed = SplitMix64.Hash(Seed, round);
            (int report, long pendingNow) = await CutInFlightAsync(server, power, shape, transport, owned, seed);
            pending += pendingNow;
            required += owned.Sum(o => o.RequiredCount);
            byte[] platter = await JudgeAsync(power, report, owned, $"{name}, seed {seed}");
            for (ulong i = 1; i <= Recuts; i++)
            {
                (report, _) = await power.RecutAsync(seed % 1000 + i);
                platter = await JudgeAsync(power, report, owned, $"{name}, seed {seed}, recut {i}");
            }

            Array.ForEach(owned, o => o.Restart(platter));
            await power.PowerOnAsync();
        }

        Assert.True(HasTested(shape, pending, required), $"{pending} commands pending, {required} blocks promised over {MostRounds} cuts");
    }

    /// <summary>A run in which nothing was promised that should be, or nothing could be lost, tested nothing.</summary>
    private static bool HasTested(LoadShape shape, long pending, int required) =>
        (shape.IsFua || pending > 0) && (required > 0 || !(shape.IsFua || shape.FlushEvery > 0));

    private static async Task<(int Report, long Pending)> CutInFlightAsync(
        LiveServer server, CutByHttp power, LoadShape shape, Transport transport, OwnedBlocks[] owned, ulong seed)
    {
        long replies = Math.Min(MaxReplies, LoadBytes / shape.RequestBytes);
        using Crossing crossing = new((replies / 2) + (long)(seed % (ulong)(replies / 2)));
        ShapedClient[] clients =
        [
            .. owned.Select((blocks, i) => new ShapedClient(
                server.EndPoint(transport), blocks, shape, SplitMix64.Hash(seed, (ulong)i), crossing)),
        ];
        Array.ForEach(clients, static client => client.Start());
        Assert.True(crossing.Wait(LiveServer.Patience), $"seed {seed}: the load does not get on");
        Array.ForEach(clients, static client => client.ExpectLoss());
        (int Report, long Pending) cut = await power.CutAsync(seed >> 11);
        string?[] complaints = [.. clients.Select(static client => client.Finish())];
        Assert.True(Array.TrueForAll(complaints, static c => c is null), $"seed {seed}: {string.Join("; ", complaints)}");
        return cut;
    }

    private static async Task<byte[]> JudgeAsync(CutByHttp power, int report, OwnedBlocks[] owned, string what)
    {
        await power.JudgeAsync(report);
        byte[] platter = await power.GetPlatterAsync();
        foreach (OwnedBlocks blocks in owned)
        {
            string? broken = blocks.FindBroken(platter);
            Assert.True(broken is null, $"{what}: {broken}");
        }

        return platter;
    }
}
