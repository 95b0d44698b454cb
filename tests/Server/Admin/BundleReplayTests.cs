using BlockEmu.Device;
using BlockEmu.Device.Randomness;
using BlockEmu.Oracle.Bundles;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Admin;

/// <summary>The disk's draws are those of docs/bundle-format.md: the oracle, which knows the page alone, finds the same survivors
/// for every seed.</summary>
public sealed class BundleReplayTests
{
    private const string Disk = "/api/v1/disks/disk0";

    [Theory]
    [InlineData("aged:0.9..0.1", "")]
    [InlineData("fifo", "")]
    [InlineData("epoch", "")]
    [InlineData("adversary", "")]
    [InlineData("aged:0.9..0.1", ",protected=64K")]
    [InlineData("epoch", ",protected=64K")]
    [InlineData("adversary", ",protected=64K")]
    public async Task A_model_is_replayed_by_the_oracle_whatever_the_seed(string loss, string keys)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        await using TestServer server = await TestServer.StartAsync("--disk", $"size=4M,seed=7,awupf=4K{keys}");
        MakeAMess(server);
        (await server.PostAsync($"{Disk}/power/cut")).IsOk();
        for (int n = 2; n <= 30; n++)
        {
            (await server.PostAsync($"{Disk}/power/recut", $$"""{"seed":{{n}},"loss":"{{loss}}"}""")).IsOk();
            Bundle bundle = Bundle.Read(new MemoryStream((await server.GetAsync($"{Disk}/reports/{n}/bundle")).Bytes));
            BundleVerdict verdict = BundleJudge.Judge(bundle);
            Assert.True(verdict.IsGood, $"seed {n}: {verdict.Message}");
            Assert.Contains(bundle.Manifest.Pending, c => c.IsFlushCovered);
            seen.Add(string.Join(',', bundle.Manifest.Pending.Select(c => c.Outcome)));
        }

        // Where the newest is safe, a prefix that holds it is all there is.
        Assert.Equal(loss != "epoch" || keys.Length == 0, seen.Count > 2);
    }

    /// <summary>Overlapping writes and trims of many sizes, of which two flushes that never end cover some.</summary>
    private static void MakeAMess(TestServer server)
    {
        SplitMix64 random = new(3);
        Disk disk = server.Disk();
        for (int i = 0; i < 60; i++)
        {
            long offset = (long)random.NextBelow(512) * 512;
            int length = (int)(1 + random.NextBelow(48)) * 512;
            if (i % 9 == 4)
            {
                disk.Trim(disk.PowerEpoch, offset, length, fua: false);
            }
            else
            {
                server.Fill(offset, length, (byte)(1 + i), fua: i == 10);
            }

            if (i is 25 or 40)
            {
                lock (disk.Core.Gate)
                {
                    disk.Core.AcceptFlush();
                }
            }
        }
    }
}
