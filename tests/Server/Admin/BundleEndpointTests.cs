using BlockEmu.Device.Randomness;
using BlockEmu.Oracle.Bundles;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Admin;

public sealed class BundleEndpointTests : IAsyncLifetime
{
    private const string Disk = "/api/v1/disks/disk0";
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync("--disk", "size=4M,seed=7,awupf=8K");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("random:0.5")]
    [InlineData("lose-all")]
    [InlineData("keep-all")]
    [InlineData("fifo")]
    [InlineData("explicit:3,5.0,9.2-7")]
    public async Task A_bundle_judges_like_the_server(string loss)
    {
        MakeAMess(seed: 1);
        (await _server.PostAsync($"{Disk}/power/cut", $$"""{"seed":11,"loss":"{{loss}}"}""")).IsOk();
        Judge(await FetchAsync(1), seed: 11);
    }

    [Fact]
    public async Task Every_recut_has_its_bundle_and_an_older_one_is_gone()
    {
        MakeAMess(seed: 2);
        (await _server.PostAsync($"{Disk}/power/cut")).IsOk();
        for (int n = 2; n <= 6; n++)
        {
            (await _server.PostAsync($"{Disk}/power/recut", $$"""{"seed":{{n}}}""")).IsOk();
            Judge(await FetchAsync(n), (ulong)n);
        }

        (await _server.GetAsync($"{Disk}/reports/2/bundle")).IsProblem(410);
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("cycle")]
    public async Task The_latest_bundle_outlives_power_on(string move)
    {
        MakeAMess(seed: 3);
        (await _server.PostAsync($"{Disk}/power/{move}", """{"seed":5}""")).IsOk();
        if (move == "cut")
        {
            (await _server.PostAsync($"{Disk}/power/on")).IsOk();
        }

        MakeAMess(seed: 4);
        Judge(await FetchAsync(1), seed: 5);

        (await _server.PostAsync($"{Disk}/power/cut", """{"seed":6}""")).IsOk();
        (await _server.PostAsync($"{Disk}/power/on")).IsOk();
        Judge(await FetchAsync(2), seed: 6);
        (await _server.GetAsync($"{Disk}/reports/1/bundle")).IsProblem(410);
    }

    [Fact]
    public async Task After_a_platter_from_outside_there_is_no_bundle()
    {
        MakeAMess(seed: 5);
        (await _server.PostAsync($"{Disk}/power/cut")).IsOk();
        _server.Disk().WritePlatter(write => write(0, new byte[512]));
        (await _server.GetAsync($"{Disk}/reports/1/bundle")).IsProblem(410);
        (await _server.PostAsync($"{Disk}/power/on")).IsOk();
        (await _server.GetAsync($"{Disk}/reports/1/bundle")).IsProblem(410);
    }

    [Fact]
    public async Task A_huge_trim_does_not_hold_the_power_back()
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1T");
        Assert.Equal(Device.DiskStatus.Ok, server.Disk().Trim(server.Disk().PowerEpoch, 0, 1L << 40, fua: false));
        (await server.PostAsync($"{Disk}/power/cut")).IsOk();
        (await server.PostAsync($"{Disk}/power/on")).IsOk();
        string detail = (await server.GetAsync($"{Disk}/reports/1/bundle")).IsProblem(410).GetProperty("detail").GetString()!;
        Assert.Contains("touched", detail, StringComparison.Ordinal);
    }

    private async Task<Bundle> FetchAsync(int number)
    {
        Answer answer = await _server.GetAsync($"{Disk}/reports/{number}/bundle");
        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("application/zip", answer.ContentType);
        return Bundle.Read(new MemoryStream(answer.Bytes));
    }

    private static void Judge(Bundle bundle, ulong seed)
    {
        Assert.Equal(seed, bundle.Manifest.Seed);
        Assert.Equal("disk0", bundle.Manifest.DiskName);
        Assert.NotEmpty(bundle.Manifest.Pending);
        BundleVerdict verdict = BundleJudge.Judge(bundle);
        Assert.True(verdict.IsGood, verdict.Message);
    }

    /// <summary>Overlapping writes, zeroes and trims of many sizes, some flushed.</summary>
    private void MakeAMess(ulong seed)
    {
        SplitMix64 random = new(seed);
        for (int i = 0; i < 60; i++)
        {
            long offset = (long)random.NextBelow(256) * 512;
            int length = (int)(1 + random.NextBelow(64)) * 512;
            long epoch = _server.Disk().PowerEpoch;
            switch (random.NextBelow(8))
            {
                case 0: _server.Disk().Trim(epoch, offset, length, fua: false); break;
                case 1: _server.Disk().WriteZeroes(epoch, offset, length, fua: false, mayPunchHole: true); break;
                case 2: _server.Fill(offset, length, (byte)(1 + i), fua: true); break;
                default: _server.Fill(offset, length, (byte)(1 + i)); break;
            }

            if (i == 20)
            {
                _server.Disk().Flush(epoch);
            }
        }
    }
}
