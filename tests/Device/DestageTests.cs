using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Tests.Simulation;

namespace BlockEmu.Device.Tests;

public sealed class DestageTests : IDisposable
{
    private const long TiB = 1L << 40;

    private readonly TempImage _image = new();
    private FailingMedium? _medium;

    public void Dispose() => _image.Dispose();

    private Disk Open(long sizeBytes, long cacheBytes) => new(
        new DiskOptions { Name = "f", SizeBytes = sizeBytes, FilePath = _image.Path, CacheBytes = cacheBytes, SyncToHost = false },
        events: null,
        inner => _medium = new FailingMedium(inner));

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    [Fact]
    public void A_page_made_up_of_several_commands_has_the_newest_of_each_block_and_keeps_the_rest()
    {
        using Disk disk = Open(1 << 20, 1 << 20);
        disk.Write(1, 0, Filled(12_288, 1), fua: true);
        disk.Write(1, 4096, Filled(4096, 2), fua: false);
        disk.Write(1, 4608, Filled(512, 3), fua: false);
        disk.WriteZeroes(1, 5120, 512, fua: false, mayPunchHole: true);
        disk.Write(1, 7680, Filled(1024, 4), fua: false);
        Assert.Equal(DiskStatus.Ok, disk.Flush(1));
        disk.Cut();
        byte[] read = new byte[12_288];
        disk.ReadPlatter(platter => platter(0, read));
        Assert.Equal(
            [1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 0, 2, 2, 2, 2, 4, 4, 1, 1, 1, 1, 1, 1, 1],
            Enumerable.Range(0, 24).Select(block => (int)read[block * 512]));
    }

    [Fact]
    public async Task Pages_that_are_being_written_stay_what_they_are_whatever_is_written_beside()
    {
        using Disk disk = Open(1 << 20, 1 << 20);
        for (int page = 0; page < 64; page++)
        {
            disk.Write(1, page * 4096, Filled(4096, 1), fua: false);
        }

        _medium!.Hold();
        Task<DiskStatus> flush = Task.Run(() => disk.Flush(1));
        _medium.WaitForWrite();
        for (int i = 0; i < 128; i++)
        {
            disk.Write(1, i % 64 * 4096, Filled(4096, 2), fua: false);
            disk.Trim(1, i % 64 * 4096, 4096, fua: false);
        }

        _medium.LetGo();
        Assert.Equal(DiskStatus.Ok, await flush);
        disk.Cut(loss: Power.LossModel.LoseAll);
        byte[] read = new byte[64 * 4096];
        disk.ReadPlatter(platter => platter(0, read));
        Assert.Equal(-1, read.AsSpan().IndexOfAnyExcept((byte)1));
    }

    [Fact]
    public async Task A_destage_waits_for_reads_of_its_blocks_that_began_before_and_for_no_others()
    {
        using Disk disk = Open(1 << 20, 1 << 20);
        disk.Write(1, 0, Filled(16_384, 1), fua: true);
        Task<DiskStatus>? flush = null;
        bool wasWritten = false;
        byte[] read = new byte[8192];
        _medium!.AfterRead = () =>
        {
            _medium.AfterRead = null;
            disk.Write(1, 8192, Filled(4096, 2), fua: false);
            Assert.Equal(DiskStatus.Ok, disk.Flush(1)); // beside what is being read
            disk.Write(1, 4096, Filled(4096, 3), fua: false);
            flush = Task.Run(() => disk.Flush(1));
            wasWritten = flush.Wait(50); // lets it come as far as it can
        };
        Assert.Equal(DiskStatus.Ok, disk.Read(1, 0, read));
        Assert.Equal(DiskStatus.Ok, await flush!);
        Assert.False(wasWritten, "it was written under the read");
        Assert.Equal(Filled(8192, 1), read);
        disk.Read(1, 4096, read);
        Assert.Equal((3, 2), (read[0], read[4096]));
    }

    [Fact]
    public void Room_is_made_in_small_batches_and_only_as_much_as_is_needed()
    {
        using Disk disk = Open(16 << 20, 4 << 20);
        for (int page = 0; page < 1025; page++)
        {
            Assert.Equal(DiskStatus.Ok, disk.Write(1, page * 4096, Filled(4096, 1), fua: false));
        }

        Assert.Equal(Destager.RoomBatchBytes, disk.GetStatistics().DestagedBytes);
    }

    [Fact]
    public void Writing_all_over_a_disk_of_a_tebibyte_holds_no_more_than_its_cache_and_a_little()
    {
        using Disk disk = Open(TiB, 1 << 20);
        byte[] payload = Filled(4096, 7);
        for (long at = 0; at < TiB; at += TiB / 16_384)
        {
            Assert.Equal(DiskStatus.Ok, disk.Write(1, at, payload, fua: false));
        }

        Assert.InRange(disk.GetStatistics().ArenaBytes, 1, 8 << 20);
        lock (disk.Core.Gate)
        {
            Assert.InRange(disk.Core.Pages.NodeCount, 1, 8192); // of 1.5 KiB
        }
    }
}
