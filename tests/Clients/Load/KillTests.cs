using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device.Randomness;
using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>SIGKILL for the server itself, under load: the image file holds all that a flush or a FUA reply had confirmed,
/// and the next server takes it.</summary>
public sealed class KillTests
{
    private const int Kills = 5;

    [Theory]
    [InlineData("fsync", 201, 512)]
    [InlineData("none", 202, 4096)]
    public async Task Five_kills_lose_nothing_that_was_confirmed(string sync, ulong seed, int blockBytes)
    {
        using TempFolder folder = new();
        string image = folder.File("image");

        // Blocks are all that is promised here: the host's kernel tears a write of its own at page borders when a process dies.
        LoadCrew crew = new(new TraceGeometry(LoadCrew.DiskBytes, new AtomicityPromise(blockBytes, blockBytes)), awunBytes: 4096);
        SplitMix64 chance = new(seed);
        int required = 0;
        for (int round = 0; round < Kills; round++)
        {
            string what = $"seed {seed}, round {round}, sync={sync}";

            // A large cache holds back what is not flushed; a small one destages all the time.
            string cache = round % 2 == 0 ? "64M" : "256K";
            await using ServerProcess server = await ServerProcess.StartAsync(
                $"name={LiveServer.DiskName},size={LoadCrew.DiskBytes},medium=file:{image},block={blockBytes},cache={cache},sync={sync}");
            using Crossing crossing = new(1 + (long)chance.NextBelow(2000));
            crew.Start([server.EndPoint], SplitMix64.Hash(seed, (ulong)round), crossing);
            Assert.True(crossing.Wait(LiveServer.Patience), $"{what}: the load does not get on");
            crew.ExpectLoss();
            await server.KillAsync();
            crew.Finish(what);
            byte[] left = await File.ReadAllBytesAsync(image, TestContext.Current.CancellationToken);
            Assert.Equal(LoadCrew.DiskBytes, left.Length);
            crew.Judge(left, what);
            required += crew.RequiredCount;

            // The next round's reads hold what the new server shows against this.
            crew.Restart(left);
        }

        Assert.True(required > 0, $"seed {seed}: no block was ever confirmed as safe");
    }
}
