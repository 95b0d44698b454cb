using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;

namespace BlockEmu.Device.Tests;

/// <summary>Races and failures that were found by reading, each played with knobs so that it happens every time.</summary>
public sealed class RaceTests : IDisposable
{
    private readonly TempImage _image = new();
    private FailingMedium? _medium;

    public void Dispose() => _image.Dispose();

    private Disk OpenFile(string? path = null) => new(
        new DiskOptions { Name = "r", SizeBytes = 1 << 20, FilePath = path ?? _image.Path, SyncToHost = false, Loss = LossModel.LoseAll },
        events: null,
        inner => _medium = new FailingMedium(inner));

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    [Fact]
    public async Task An_unaligned_write_keeps_a_neighbour_that_moves_to_the_platter_beside_it()
    {
        using Disk disk = OpenFile();
        disk.Write(1, 0, Filled(512, 1), fua: false);
        _medium!.Hold();
        Task<DiskStatus> flush = Task.Run(() => disk.Flush(1));
        _medium.WaitForWrite();
        int reads = 0;
        _medium.AfterRead = () =>
        {
            if (++reads == 2)
            {
                _medium.LetGo(); // both edges were read from the old platter; now the batch gets there
                flush.Wait(TestContext.Current.CancellationToken);
            }
        };
        Assert.Equal(DiskStatus.Ok, disk.Write(1, 10, Filled(10, 9), fua: false));
        Assert.Equal(DiskStatus.Ok, await flush);
        _medium.AfterRead = null;
        byte[] read = new byte[512];
        disk.Read(1, 0, read);
        Assert.Equal((1, 9, 1), (read[0], read[10], read[20]));
    }

    [Fact]
    public async Task A_write_that_fails_while_a_cut_waits_is_withdrawn_before_the_cut_looks()
    {
        using Disk disk = OpenFile();
        Task<CutReport>? cut = null;
        _medium!.BeforeApply = () =>
        {
            _medium.BeforeApply = null;
            _medium.Write(0, Filled(512, 5)); // half of the atom
            cut = Task.Run(() => disk.Cut());
            SpinWait.SpinUntil(() => disk.PowerState == PowerState.Stopping);
            throw new DeviceIoException("no", LibC.EIO);
        };
        Assert.Equal(DiskStatus.MediumError, disk.Write(1, 0, Filled(4096, 5), fua: true));
        CutReport report = await cut!;
        Assert.Empty(report.Pending);
        byte[] read = new byte[4096];
        disk.ReadPlatter(reader => reader(0, read));
        Assert.DoesNotContain((byte)5, read);
        disk.Recut(report.Seed, LossModel.KeepAll);
        disk.ReadPlatter(reader => reader(0, read));
        Assert.DoesNotContain((byte)5, read);
    }

    [Fact]
    public void A_failed_write_of_one_atom_leaves_the_old_data_on_the_medium_too()
    {
        using Disk disk = OpenFile();
        disk.Write(1, 0, Filled(4096, 1), fua: true);
        _medium!.BeforeApply = () =>
        {
            _medium.Write(0, Filled(512, 5));
            throw new DeviceIoException("no", LibC.ENOSPC);
        };
        Assert.Equal(DiskStatus.MediumFull, disk.Write(1, 0, Filled(4096, 5), fua: true));
        byte[] read = new byte[4096];
        disk.Read(1, 0, read);
        Assert.Equal(Filled(4096, 1), read);
    }

    [Fact]
    public async Task A_disk_is_not_let_go_under_whoever_reads_its_platter()
    {
        Disk disk = new(new DiskOptions { Name = "r", SizeBytes = 1 << 20 });
        disk.Write(1, 0, Filled(65_536, 1), fua: true);
        disk.Cut();
        Task? dispose = null;
        disk.ReadPlatter(reader =>
        {
            dispose = Task.Run(disk.Dispose);
            byte[] read = new byte[65_536];
            reader(0, read);
            Assert.Equal(1, read[^1]);
            Assert.False(dispose.IsCompleted, "the disk was let go under a reader");
        });
        await dispose!;
        Assert.Throws<ObjectDisposedException>(() => disk.Recut());
        Assert.Equal(DiskStatus.PowerLost, disk.Write(1, 0, new byte[512], fua: false));
        disk.Dispose();
    }

    [Fact]
    public void A_cut_that_the_medium_refuses_leaves_the_old_platter_and_can_be_judged_again()
    {
        using Disk disk = OpenFile();
        disk.Write(1, 0, Filled(4096, 1), fua: false);
        _medium!.WriteErrno = LibC.ENOSPC;
        Assert.Throws<CutNotJudgedException>(() => disk.Cut(loss: LossModel.KeepAll));
        Assert.Equal(PowerState.Off, disk.PowerState);
        Assert.Throws<PowerMoveException>(() => disk.WithEvidence(e => e.Report));
        _medium.WriteErrno = 0;
        Assert.Equal(1, disk.Recut(loss: LossModel.KeepAll).CommandsKept);
        byte[] read = new byte[4096];
        disk.ReadPlatter(reader => reader(0, read));
        Assert.Equal(Filled(4096, 1), read);
    }

    [Fact]
    public void A_cut_needs_no_room_beside_the_image_for_what_it_keeps_of_the_old_platter()
    {
        string path = Path.Combine(_image.DirectoryPath, new string('i', 250)); // no longer name fits beside it
        using Disk disk = OpenFile(path);
        disk.Cut();
        disk.PowerOn();
        disk.Write(disk.PowerEpoch, 0, Filled(4096, 1), fua: false);
        Assert.Equal(1, disk.Cut(loss: LossModel.KeepAll).CommandsKept);
        Assert.Equal(1, disk.Recut(loss: LossModel.LoseAll).CommandsLost);
    }

    [Fact]
    public void Writes_through_pending_trims_of_the_whole_disk_do_not_pile_up_memory()
    {
        using Disk disk = new(new DiskOptions { Name = "r", SizeBytes = 1L << 40 });
        for (int i = 0; i < 1024; i++)
        {
            disk.Trim(1, 0, 1L << 40, fua: false);
        }

        byte[] payload = Filled(1 << 20, 1);
        for (int i = 0; i < 8; i++)
        {
            disk.Write(1, (long)i << 20, payload, fua: true);
        }

        for (int i = 0; i < 3000; i++)
        {
            disk.Trim(1, (1L << 39) + (i * 65_536L), 16_384, fua: true);
        }

        // One command may still go a little past the bound, on the pages it writes itself.
        lock (disk.Core.Gate)
        {
            int records = disk.Core.Cache.Zeroes.RecordCount;
            Assert.InRange(records, 1, PendingZeroes.MaxClips * 2);
        }
    }

    [Fact]
    public async Task A_command_superseded_while_it_waited_for_the_medium_is_told_as_acknowledged()
    {
        using Disk disk = OpenFile();
        disk.Write(1, 65_536, Filled(512, 1), fua: false);
        _medium!.Hold();
        Task<DiskStatus> flush = Task.Run(() => disk.Flush(1));
        _medium.WaitForWrite();
        Task<DiskStatus> older = Task.Run(() => disk.Write(1, 0, Filled(512, 2), fua: true));
        SpinWait.SpinUntil(() => disk.GetStatistics().PendingCommands == 2);
        Task<DiskStatus> newer = Task.Run(() => disk.Write(1, 0, Filled(512, 3), fua: true));
        SpinWait.SpinUntil(() => disk.GetStatistics().PendingCommands == 3);
        _medium.LetGo();
        Assert.Equal([DiskStatus.Ok, DiskStatus.Ok, DiskStatus.Ok], await Task.WhenAll(flush, older, newer));
        Assert.All(disk.Cut().Pending, entry => Assert.True(entry.IsAcknowledged));
    }

    [Fact]
    public void Pieces_of_every_size_share_the_arena()
    {
        using Disk disk = new(new DiskOptions { Name = "r", SizeBytes = 4096, CacheBytes = 4 << 20 });
        for (int sectors = 1; sectors <= 7; sectors++)
        {
            byte[] payload = Filled(sectors * 512, 1);
            for (int i = 0; i < (4 << 20) / payload.Length; i++)
            {
                disk.Write(1, 0, payload, fua: false);
            }

            disk.Flush(1);
        }

        Assert.True(disk.GetStatistics().ArenaBytes < 6 * (4 << 20), $"{disk.GetStatistics().ArenaBytes} bytes for a cache of 4 MiB");
    }
}
