using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device.Media;
using BlockEmu.Device.Randomness;
using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Traces;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>SIGKILL for the server itself, under load: once the next server has opened the image, it holds all that a flush or a
/// FUA reply had confirmed, and every atom whole or not at all. BLOCKEMU_TEST_LONG=1 kills 500 times.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("BLOCKEMU_TEST_LONG") == "1";

    [Theory]
    [InlineData("fsync", 201, 512, 4096)] // 100 kills in the long run
    [InlineData("none", 202, 4096, 4096)] // 50
    [InlineData("none", 203, 512, 16_384)] // 250
    [InlineData("fsync", 204, 4096, 65_536)] // 100
    public async Task Kills_lose_nothing_that_was_confirmed_and_tear_no_atom(string sync, ulong seed, int blockBytes, int awupfBytes)
    {
        int kills = !s_isLong ? 5 : seed switch { 203 => 250, 202 => 50, _ => 100 };
        using TempFolder folder = new();
        string image = folder.File("image");
        LoadCrew crew = new(new TraceGeometry(LoadCrew.DiskBytes, new AtomicityPromise(blockBytes, awupfBytes)), awunBytes: awupfBytes);
        SplitMix64 chance = new(seed);
        int required = 0;
        int inside = 0;
        for (int round = 0; round <= kills; round++)
        {
            RedoState beside = round % 3 == 2 ? ImageRecovery.Run(image).State : round > 0 ? ImageRecovery.Look(image).State : RedoState.None;
            inside += beside == RedoState.Unfinished ? 1 : 0;

            // A large cache holds back what is not flushed; a small one destages all the time.
            string cache = round % 2 == 0 ? "64M" : "256K";
            await using ServerProcess server = await ServerProcess.StartAsync(
                $"name={LiveServer.DiskName},size={LoadCrew.DiskBytes},medium=file:{image},block={blockBytes},awupf={awupfBytes},cache={cache},sync={sync}");
            if (round > 0)
            {
                // What was half done is finished when the image is opened, not before: what lies in the file is not yet the answer.
                byte[] left = ReadAll(server);
                crew.Judge(left, What(round - 1));
                required += crew.RequiredCount;

                // The next round's reads hold what the new server shows against this.
                crew.Restart(left);
            }

            if (round == kills)
            {
                break;
            }

            using Crossing crossing = new(1 + (long)chance.NextBelow(2000));
            crew.Start([server.EndPoint], SplitMix64.Hash(seed, (ulong)round), crossing);
            Assert.True(crossing.Wait(LiveServer.Patience), $"{What(round)}: the load does not get on");
            crew.ExpectLoss();
            await server.KillAsync();
            crew.Finish(What(round));
        }

        output.WriteLine($"{kills} kills, {inside} of them in the middle of atoms that the redo file then made whole");
        Assert.True(required > 0, $"seed {seed}: no block was ever confirmed as safe");

        string What(int round) => $"seed {seed}, round {round}, sync={sync}, block={blockBytes}, awupf={awupfBytes}";
    }

    private static byte[] ReadAll(ServerProcess server)
    {
        byte[] all = new byte[LoadCrew.DiskBytes];
        using NbdClient client = NbdClient.Connect(server.EndPoint, LiveServer.Patience);
        client.Go(LiveServer.DiskName);
        Assert.Equal(NbdError.None, client.Read(0, all));
        return all;
    }
}
