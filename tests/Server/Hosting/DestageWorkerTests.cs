using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Tests.Nbd;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Hosting;

/// <summary>Destaging by the clock, with a clock that the test winds.</summary>
public sealed class DestageWorkerTests : IDisposable
{
    private const int Page = 4096;

    private readonly FiredByHandTime _time = new(isStopped: true);
    private readonly Disk _disk = new(new DiskOptions { Name = "d", SizeBytes = 64 << 20 });
    private readonly ServedDisk _served;
    private readonly DestageWorker _worker;

    public DestageWorkerTests()
    {
        _served = new ServedDisk(_disk);
        _worker = new DestageWorker(_served, _time);
    }

    public void Dispose()
    {
        _worker.Dispose();
        _disk.Dispose();
    }

    private void Write(int pages, int bytes = Page)
    {
        for (int i = 0; i < pages; i++)
        {
            Assert.Equal(DiskStatus.Ok, _disk.Write(_disk.PowerEpoch, (long)i * bytes, new byte[bytes], fua: false));
        }
    }

    private long Destaged(TimeSpan after)
    {
        _time.Advance(after);
        _time.FireAll();
        return _disk.GetStatistics().DestagedBytes / Page;
    }

    [Theory]
    [InlineData("oldest")]
    [InlineData("random")]
    [InlineData("never")]
    public void A_policy_that_waits_for_nothing_but_room_has_no_timer(string policy)
    {
        _worker.Follow(policy switch
        {
            "random" => DestagePolicy.Random,
            "never" => DestagePolicy.Never,
            _ => DestagePolicy.Oldest,
        });
        Assert.Equal(0, _time.TimerCount);
    }

    [Fact]
    public void A_rate_destages_so_much_a_second()
    {
        Write(1000);
        _worker.Follow(DestagePolicy.AtRate(100 * Page));
        Assert.Equal(DestageWorker.RatePeriod, _time.LastDueTime);
        Assert.Equal(1, Destaged(TimeSpan.FromMilliseconds(10)));
        Assert.Equal(3, Destaged(TimeSpan.FromMilliseconds(20)));
        for (int look = 0; look < 97; look++)
        {
            Destaged(TimeSpan.FromMilliseconds(10));
        }

        Assert.Equal(100, _disk.GetStatistics().DestagedBytes / Page);
    }

    [Fact]
    public void A_rate_saves_nothing_up_while_there_is_nothing_to_do()
    {
        _worker.Follow(DestagePolicy.AtRate(100 * Page));
        Destaged(TimeSpan.FromMilliseconds(50));
        Write(10);
        Assert.Equal(1, Destaged(TimeSpan.FromMilliseconds(10)));
        Assert.Equal(10, Destaged(TimeSpan.FromSeconds(9))); // and does not make up for looks that came very late
        Write(100);
        Assert.Equal(20, Destaged(TimeSpan.FromSeconds(9)));
    }

    [Fact]
    public void After_a_large_command_a_rate_waits_until_it_is_paid_for()
    {
        _worker.Follow(DestagePolicy.AtRate(100 * Page));
        Write(1, bytes: 8 * Page);
        Write(1);
        Assert.Equal(8, Destaged(TimeSpan.FromMilliseconds(10)));
        Assert.Equal(8, Destaged(TimeSpan.FromMilliseconds(60)));
        Assert.Equal(9, Destaged(TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public void An_idle_disk_is_destaged_when_nothing_arrived_between_two_looks()
    {
        _worker.Follow(DestagePolicy.Idle);
        Assert.Equal(DestageWorker.IdlePeriod, _time.LastDueTime);
        ConnectionMeter meter = _served.Meter.Open("nbd");
        Write(1000);
        meter.Record(DiskOperation.Write, succeeded: true, fua: false, Page, 1);
        Assert.Equal(0, Destaged(DestageWorker.IdlePeriod));
        meter.Record(DiskOperation.Read, succeeded: true, fua: false, Page, 1);
        Assert.Equal(0, Destaged(DestageWorker.IdlePeriod));
        Assert.Equal(1000, Destaged(DestageWorker.IdlePeriod));
    }

    [Fact]
    public void A_disk_that_is_off_is_left_alone_and_goes_on_when_the_power_returns()
    {
        _worker.Follow(DestagePolicy.Idle);
        Write(1);
        _disk.Cut();
        Assert.Equal(0, Destaged(DestageWorker.IdlePeriod));
        _disk.PowerOn();
        Write(2);
        Assert.Equal(2, Destaged(DestageWorker.IdlePeriod));
    }

    [Fact]
    public void Nothing_is_destaged_any_more_once_it_is_disposed_or_the_policy_has_changed()
    {
        _worker.Follow(DestagePolicy.Idle);
        Write(1);
        _worker.Follow(DestagePolicy.Never);
        Assert.Equal((0, 0), (_time.TimerCount, Destaged(DestageWorker.IdlePeriod)));
        _worker.Follow(DestagePolicy.Idle);
        _worker.Dispose();
        Assert.Equal((0, 0), (_time.TimerCount, Destaged(DestageWorker.IdlePeriod)));
    }

    [Fact]
    public async Task A_disk_of_the_server_is_destaged_as_it_says()
    {
        FiredByHandTime time = new(isStopped: true);
        await using TestServer server = await TestServer.StartAsync(time, "--disk", "size=1M,destage=rate:400K");
        Assert.Equal("rate:400K", (await server.GetAsync("/api/v1/disks/disk0")).IsOk().GetProperty("destage").GetString());
        server.Fill(0, Page, 1);
        server.Fill(Page, Page, 1);
        time.Advance(TimeSpan.FromMilliseconds(10));
        time.FireAll();
        Assert.Equal(Page, server.Disk().GetStatistics().DestagedBytes);

        (await server.SendAsync(HttpMethod.Patch, "/api/v1/disks/disk0", """{"destage":"never"}""")).IsOk();
        time.Advance(TimeSpan.FromSeconds(1));
        time.FireAll();
        Assert.Equal(Page, server.Disk().GetStatistics().DestagedBytes);
        (await server.SendAsync(HttpMethod.Patch, "/api/v1/disks/disk0", """{"destage":"idle"}""")).IsOk();
        time.FireAll();
        Assert.Equal(2 * Page, server.Disk().GetStatistics().DestagedBytes);
    }
}
