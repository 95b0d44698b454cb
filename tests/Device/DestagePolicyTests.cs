using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;

namespace BlockEmu.Device.Tests;

/// <summary>SEMANTICS 3: which commands a full cache makes persistent, and what stays pending.</summary>
public sealed class DestagePolicyTests : IDisposable
{
    private const int Page = 4096;
    private const int CachePages = 16;

    private readonly TempImage _image = new();
    private FailingMedium? _medium;

    public void Dispose() => _image.Dispose();

    private Disk Open(DestagePolicy policy, bool isOnFile, ulong seed = 1) => new(
        new DiskOptions
        {
            Name = "d",
            SizeBytes = 1 << 20,
            CacheBytes = CachePages * Page,
            FilePath = isOnFile ? _image.Path : null,
            SyncToHost = false,
            Destage = policy,
            Seed = seed,
        },
        events: null,
        inner => isOnFile ? _medium = new FailingMedium(inner) : inner);

    private static void WritePages(Disk disk, int first, int count, byte value)
    {
        for (int page = first; page < first + count; page++)
        {
            byte[] payload = new byte[Page];
            payload.AsSpan().Fill(value);
            Assert.Equal(DiskStatus.Ok, disk.Write(disk.PowerEpoch, page * Page, payload, fua: false));
        }
    }

    /// <summary>The first byte of each page of the platter, once everything pending is lost.</summary>
    private static byte[] Persistent(Disk disk, int pages)
    {
        disk.Cut(loss: LossModel.LoseAll);
        byte[] bytes = MemoryImage.Of(disk).Bytes;
        return [.. Enumerable.Range(0, pages).Select(p => bytes[p * Page])];
    }

    [Fact]
    public void Oldest_first_leaves_the_newest_pending()
    {
        using Disk disk = Open(DestagePolicy.Oldest, isOnFile: false);
        WritePages(disk, 0, CachePages + 4, 1);
        Assert.Equal([.. Enumerable.Repeat((byte)1, 4), .. new byte[CachePages]], Persistent(disk, CachePages + 4));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void At_random_any_command_may_go_as_the_seed_says_and_the_same_again(bool isOnFile)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        for (ulong seed = 1; seed <= 20; seed++)
        {
            string Once()
            {
                File.Delete(_image.Path);
                using Disk disk = Open(DestagePolicy.Random, isOnFile, seed);
                WritePages(disk, 0, 3 * CachePages, 1);
                return string.Concat(Persistent(disk, 3 * CachePages));
            }

            string persistent = Once();
            Assert.Equal(persistent, Once());
            Assert.InRange(persistent.Count(c => c == '1'), 2 * CachePages, (3 * CachePages) - 1);
            seen.Add(persistent);
        }

        Assert.True(seen.Count > 10, $"only {seen.Count} orders of 20 seeds");
        Assert.Contains(seen, s => s.StartsWith('0'));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void At_random_an_older_version_never_comes_over_a_newer_persistent_one(bool isOnFile)
    {
        for (ulong seed = 1; seed <= 50; seed++)
        {
            File.Delete(_image.Path);
            using Disk disk = Open(DestagePolicy.Random, isOnFile, seed);
            byte newest = 0;
            byte shown = 0;
            for (int round = 1; round <= 5 * CachePages; round++)
            {
                WritePages(disk, 0, 1, ++newest);
                byte now = PlatterByte(disk);
                Assert.True(now >= shown, $"seed {seed}, round {round}: {now} after {shown}");
                shown = now;
            }

            Assert.NotEqual(0, shown);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Drawn_together_the_newest_version_wins(bool isOnFile)
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            File.Delete(_image.Path);
            using Disk disk = Open(DestagePolicy.Random, isOnFile, seed);
            for (byte value = 1; value <= 8; value++)
            {
                WritePages(disk, 0, 1, value);
            }

            Assert.Equal(DiskStatus.Ok, disk.Destage(1 << 20).Status);
            Assert.Equal([8], Persistent(disk, 1));
        }
    }

    private static byte PlatterByte(Disk disk)
    {
        byte[] read = new byte[1];
        lock (disk.Core.Gate)
        {
            disk.Core.Medium.Read(0, read);
        }

        return read[0];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Never_writes_through_what_does_not_fit_and_leaves_the_rest_pending(bool isOnFile)
    {
        using Disk disk = Open(DestagePolicy.Never, isOnFile);
        WritePages(disk, 0, CachePages + 4, 1);
        DiskStatistics statistics = disk.GetStatistics();
        Assert.Equal((4, 0, CachePages), (statistics.FullCacheWrites, statistics.FuaWrites, statistics.PendingCommands));
        Assert.Equal([.. new byte[CachePages], 1, 1, 1, 1], Persistent(disk, CachePages + 4));
    }

    [Fact]
    public void Never_destages_for_a_flush()
    {
        using Disk disk = Open(DestagePolicy.Never, isOnFile: false);
        WritePages(disk, 0, 4, 1);
        Assert.Equal(DiskStatus.Ok, disk.Flush(disk.PowerEpoch));
        Assert.Equal([1, 1, 1, 1], Persistent(disk, 4));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_destage_without_need_goes_by_the_policy_and_as_far_as_it_is_told(bool isOnFile)
    {
        using Disk disk = Open(DestagePolicy.Idle, isOnFile);
        WritePages(disk, 0, 8, 1);
        Assert.Equal(new DestageProgress(3, 3 * Page, DiskStatus.Ok), disk.Destage((2 * Page) + 1));
        Assert.Equal(new DestageProgress(5, 5 * Page, DiskStatus.Ok), disk.Destage(1 << 20));
        Assert.Equal(new DestageProgress(0, 0, DiskStatus.Ok), disk.Destage(1 << 20));
        disk.Trim(disk.PowerEpoch, 0, Page, fua: false);
        Assert.Equal(new DestageProgress(1, 0, DiskStatus.Ok), disk.Destage(1));
        Assert.Equal([0, 1, 1, 1, 1, 1, 1, 1], Persistent(disk, 8));
        Assert.Equal(DiskStatus.PowerLost, disk.Destage(1).Status);
    }

    [Theory]
    [InlineData("oldest")]
    [InlineData("random")]
    public void What_the_medium_refused_stays_pending_and_is_tried_again(string policy)
    {
        using Disk disk = Open(policy == "random" ? DestagePolicy.Random : DestagePolicy.Oldest, isOnFile: true);
        WritePages(disk, 0, 8, 1);
        _medium!.WriteErrno = LibC.EIO;
        Assert.Equal((0, DiskStatus.MediumError), (disk.Destage(1 << 20).Commands, disk.Destage(1 << 20).Status));
        Assert.Equal(8, disk.GetStatistics().PendingCommands);
        _medium.WriteErrno = 0;
        Assert.Equal(8, disk.Destage(1 << 20).Commands);
        Assert.Equal(0, disk.GetStatistics().PendingCommands);
    }

    [Fact]
    public void A_policy_changes_at_once()
    {
        using Disk disk = Open(DestagePolicy.Never, isOnFile: false);
        WritePages(disk, 0, CachePages, 1);
        disk.Change(o => o with { Destage = DestagePolicy.Random });
        WritePages(disk, CachePages, 1, 1);
        Assert.Equal(0, disk.GetStatistics().FullCacheWrites);
        disk.Change(o => o with { Destage = DestagePolicy.Oldest });
        disk.Change(o => o with { Destage = DestagePolicy.Random });
        Assert.Equal(CachePages, disk.Destage(1 << 20).Commands);
    }

    [Fact]
    public void Three_numbers_say_how_far_the_steps_have_come()
    {
        using Disk disk = Open(DestagePolicy.Oldest, isOnFile: false);
        WritePages(disk, 0, 4, 1);
        Assert.Equal((4, 4, 0), Stages(disk));
        disk.Destage(Page);
        Assert.Equal((4, 4, 1), Stages(disk));
        disk.Write(disk.PowerEpoch, 9 * Page, new byte[Page], fua: true);
        Assert.Equal((5, 5, 1), Stages(disk));
        disk.Flush(disk.PowerEpoch);
        Assert.Equal((5, 5, 5), Stages(disk));
        WritePages(disk, 0, 1, 2);
        disk.Cut(loss: LossModel.LoseAll);
        Assert.Equal((6, 6, 5), Stages(disk));
        disk.PowerOn();
        Assert.Equal((6, 6, 6), Stages(disk));
    }

    [Fact]
    public async Task A_step_in_flight_holds_back_the_second_number()
    {
        using Disk disk = Open(DestagePolicy.Oldest, isOnFile: true);
        WritePages(disk, 0, 1, 1);
        _medium!.Hold();
        Task<DiskStatus> fua = Task.Run(() => disk.Write(disk.PowerEpoch, 0, new byte[Page], fua: true));
        _medium.WaitForWrite();
        WritePages(disk, 1, 1, 1);
        Assert.Equal((3, 1, 0), Stages(disk));
        _medium.LetGo();
        Assert.Equal(DiskStatus.Ok, await fua);
        Assert.Equal((3, 3, 2), Stages(disk));
    }

    private static (long Visible, long Cached, long Persistent) Stages(Disk disk)
    {
        DiskStatistics s = disk.GetStatistics();
        return (s.NewestSequence, s.NewestAcknowledgedPrefix, s.NewestPersistentPrefix);
    }
}
