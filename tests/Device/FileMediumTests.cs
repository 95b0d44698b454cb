using System.Diagnostics;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;

namespace BlockEmu.Device.Tests;

public sealed class FileMediumTests : IDisposable
{
    private readonly TempImage _image = new();
    private FailingMedium? _medium;

    public void Dispose() => _image.Dispose();

    private DiskOptions Options(long size = 1 << 20) =>
        new() { Name = "f", SizeBytes = size, FilePath = _image.Path, CacheBytes = 64 << 10 };

    private Disk OpenWithKnobs(DiskOptions? options = null) =>
        new(options ?? Options(), events: null, inner => _medium = new FailingMedium(inner));

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    [Fact]
    public void The_file_holds_exactly_the_persistent_content()
    {
        using Disk disk = new(Options());
        disk.Write(disk.PowerEpoch, 4096, Filled(4096, 1), fua: true);
        disk.Write(disk.PowerEpoch, 8192, Filled(4096, 2), fua: false);
        byte[] file = ReadFile();
        Assert.Equal(1, file[4096]);
        Assert.Equal(0, file[8192]);
        Assert.Equal(DiskStatus.Ok, disk.Flush(disk.PowerEpoch));
        Assert.Equal(2, ReadFile()[8192]);
    }

    [Fact]
    public void A_cut_and_a_recut_are_in_the_file_at_once()
    {
        using Disk disk = new(Options());
        disk.Write(disk.PowerEpoch, 0, Filled(4096, 1), fua: true);
        disk.Write(disk.PowerEpoch, 0, Filled(4096, 2), fua: false);
        disk.Trim(disk.PowerEpoch, 0, 1 << 20, fua: false);
        disk.Write(disk.PowerEpoch, 4096, Filled(512, 3), fua: false);
        disk.Cut(loss: LossModel.LoseAll);
        Assert.Equal((1, 0), (ReadFile()[0], ReadFile()[4096]));
        disk.Recut(loss: LossModel.KeepAll);
        Assert.Equal((0, 3), (ReadFile()[0], ReadFile()[4096]));
        disk.Recut(loss: LossModel.Explicit([new AtomSelection(2, 0, 0)]));
        Assert.Equal((2, 0), (ReadFile()[0], ReadFile()[4096]));
        disk.Recut(loss: LossModel.LoseAll);
        Assert.Equal((1, 0), (ReadFile()[0], ReadFile()[4096]));
        Assert.Single(Directory.GetFiles(_image.DirectoryPath));
    }

    [Fact]
    public void A_missing_file_is_created_sparse_and_only_with_a_size()
    {
        DeviceIoException error = Assert.Throws<DeviceIoException>(() => new Disk(Options(size: 0)));
        Assert.Contains("does not exist", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_image.Path));
        using Disk disk = new(Options(size: 1L << 40));
        Assert.Equal(1L << 40, new FileInfo(_image.Path).Length);
        Assert.True(disk.GetStatistics().PersistentBytes < 1 << 20);
    }

    [Fact]
    public void Without_a_size_the_files_own_is_used()
    {
        File.WriteAllBytes(_image.Path, new byte[12_288]);
        using Disk disk = new(Options(size: 0));
        Assert.Equal(12_288, disk.SizeBytes);
    }

    [Theory]
    [InlineData(512, 1024, "too small")]
    [InlineData(4096, 1024, "larger")]
    [InlineData(700, 0, "no positive multiple")]
    [InlineData(0, 0, "no positive multiple")]
    public void An_image_of_the_wrong_size_is_refused_and_left_alone(int fileBytes, long size, string words)
    {
        File.WriteAllBytes(_image.Path, Filled(fileBytes, 7));
        DeviceIoException error = Assert.Throws<DeviceIoException>(() => new Disk(Options(size)));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Equal(Filled(fileBytes, 7), File.ReadAllBytes(_image.Path));
    }

    [Fact]
    public void A_locked_image_is_refused()
    {
        using Disk disk = new(Options());
        DeviceIoException error = Assert.Throws<DeviceIoException>(() => new Disk(Options()));
        Assert.Contains("cannot be opened", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_a_regular_file_is_refused_without_being_opened()
    {
        DeviceIoException directory = Assert.Throws<DeviceIoException>(
            () => new Disk(Options() with { FilePath = _image.DirectoryPath }));
        Assert.Contains("not a regular file", directory.Message, StringComparison.Ordinal);
        using Process mkfifo = Process.Start("mkfifo", [_image.Path]);
        mkfifo.WaitForExit();
        DeviceIoException fifo = Assert.Throws<DeviceIoException>(() => new Disk(Options()));
        Assert.Contains("not a regular file", fifo.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failed_flush_leaves_everything_pending_and_the_next_one_tries_again()
    {
        using Disk disk = OpenWithKnobs();
        disk.Write(disk.PowerEpoch, 0, Filled(4096, 1), fua: false);
        _medium!.WriteErrno = LibC.EIO;
        Assert.Equal(DiskStatus.MediumError, disk.Flush(disk.PowerEpoch));
        Assert.Equal(DiskStatus.MediumError, disk.Flush(disk.PowerEpoch));
        byte[] read = new byte[4096];
        Assert.Equal(DiskStatus.Ok, disk.Read(disk.PowerEpoch, 0, read));
        Assert.Equal(1, read[0]);
        _medium.WriteErrno = 0;
        Assert.Equal(DiskStatus.Ok, disk.Flush(disk.PowerEpoch));
        Assert.Equal(1, ReadFile()[0]);
    }

    [Fact]
    public void What_a_failed_destage_may_have_touched_survives_a_cut_whole()
    {
        using Disk disk = OpenWithKnobs();
        disk.Write(disk.PowerEpoch, 0, Filled(8192, 1), fua: false);
        _medium!.WriteErrno = LibC.EIO;
        Assert.Equal(DiskStatus.MediumError, disk.Flush(disk.PowerEpoch));
        disk.Write(disk.PowerEpoch, 16384, Filled(4096, 2), fua: false);
        _medium.WriteErrno = 0;
        CutReport report = disk.Cut(loss: LossModel.LoseAll);
        Assert.Equal([PendingOutcome.Kept, PendingOutcome.Lost], report.Pending.Select(e => e.Outcome));
        Assert.Equal([true, false], disk.WithEvidence(e => e.Commands.Select(c => c.MustSurvive).ToList()));
        Assert.Equal((1, 1, 0), (ReadFile()[0], ReadFile()[8191], ReadFile()[16384]));
    }

    [Fact]
    public void A_failed_fua_write_leaves_the_old_data_and_names_a_full_medium()
    {
        using Disk disk = OpenWithKnobs();
        disk.Write(disk.PowerEpoch, 0, Filled(4096, 1), fua: false);
        _medium!.WriteErrno = LibC.ENOSPC;
        Assert.Equal(DiskStatus.MediumFull, disk.Write(disk.PowerEpoch, 0, Filled(4096, 2), fua: true));
        byte[] read = new byte[4096];
        disk.Read(disk.PowerEpoch, 0, read);
        Assert.Equal(1, read[0]);
    }

    [Fact]
    public void With_the_cache_full_writes_fail_with_the_mediums_error_and_nothing_is_lost()
    {
        using Disk disk = OpenWithKnobs();
        _medium!.WriteErrno = LibC.EIO;
        for (int i = 0; i < 16; i++)
        {
            Assert.Equal(DiskStatus.Ok, disk.Write(disk.PowerEpoch, i * 4096, Filled(4096, 1), fua: false));
        }

        Assert.Equal(DiskStatus.MediumError, disk.Write(disk.PowerEpoch, 1 << 19, Filled(4096, 2), fua: false));
        _medium.WriteErrno = 0;
        Assert.Equal(DiskStatus.Ok, disk.Write(disk.PowerEpoch, 1 << 19, Filled(4096, 2), fua: false));
        disk.Flush(disk.PowerEpoch);
        Assert.Equal((1, 2), (ReadFile()[15 * 4096], ReadFile()[1 << 19]));
    }

    [Fact]
    public void A_shutdown_whose_flush_fails_stays_on()
    {
        using Disk disk = OpenWithKnobs();
        disk.Write(disk.PowerEpoch, 0, Filled(4096, 1), fua: false);
        _medium!.WriteErrno = LibC.EIO;
        Assert.Equal(DiskStatus.MediumError, disk.Shutdown());
        Assert.Equal(PowerState.On, disk.PowerState);
        _medium.WriteErrno = 0;
        Assert.Equal(DiskStatus.Ok, disk.Write(disk.PowerEpoch, 4096, Filled(512, 2), fua: false));
        Assert.Equal(DiskStatus.Ok, disk.Shutdown());
        Assert.Equal((1, 2), (ReadFile()[0], ReadFile()[4096]));
    }

    [Fact]
    public void Sync_reaches_the_medium_for_flush_and_fua_and_its_failure_is_told()
    {
        using Disk disk = OpenWithKnobs();
        disk.Write(disk.PowerEpoch, 0, Filled(512, 1), fua: false);
        Assert.Equal(0, _medium!.Syncs);
        disk.Write(disk.PowerEpoch, 512, Filled(512, 1), fua: true);
        disk.Flush(disk.PowerEpoch);
        Assert.Equal(2, _medium.Syncs);
        _medium.SyncErrno = LibC.EIO;
        Assert.Equal(DiskStatus.MediumError, disk.Flush(disk.PowerEpoch));
        Assert.Equal(DiskStatus.MediumError, disk.Write(disk.PowerEpoch, 0, Filled(512, 2), fua: true));
    }

    [Fact]
    public async Task A_cut_waits_for_what_is_issued_which_then_counts_as_required()
    {
        using Disk disk = OpenWithKnobs();
        long epoch = disk.PowerEpoch;
        disk.Write(epoch, 0, Filled(4096, 1), fua: false);
        _medium!.Hold();
        Task<DiskStatus> flush = Task.Run(() => disk.Flush(epoch));
        _medium.WaitForWrite();
        Task<CutReport> cut = Task.Run(() => disk.Cut(loss: LossModel.LoseAll));
        await Task.Delay(50, TestContext.Current.CancellationToken); // lets the cut come as far as it can
        Assert.False(cut.IsCompleted, "the cut did not wait for the issued write");
        _medium.LetGo();
        CutReport report = await cut;
        Assert.Empty(report.Pending);
        Assert.Equal(1, ReadFile()[0]);
        Assert.Equal(DiskStatus.PowerLost, await flush);
    }

    [Fact]
    public async Task A_read_beside_a_destage_returns_one_state()
    {
        using Disk disk = OpenWithKnobs();
        long epoch = disk.PowerEpoch;
        disk.Write(epoch, 0, Filled(4096, 1), fua: false);
        _medium!.Hold();
        Task<DiskStatus> flush = Task.Run(() => disk.Flush(epoch));
        _medium.WaitForWrite();
        byte[] read = new byte[8192];
        Assert.Equal(DiskStatus.Ok, disk.Read(epoch, 0, read));
        Assert.Equal((1, 0), (read[0], read[4096]));
        Assert.Equal(DiskStatus.Ok, disk.Write(epoch, 0, Filled(4096, 2), fua: false));
        _medium.LetGo();
        Assert.Equal(DiskStatus.Ok, await flush);
        Assert.Equal(1, ReadFile()[0]);
        disk.Read(epoch, 0, read);
        Assert.Equal(2, read[0]);
    }

    private byte[] ReadFile()
    {
        // Another program's eyes: .NET's own FileStream would ask for the lock that the disk holds.
        ProcessStartInfo start = new("cat", [_image.Path]) { RedirectStandardOutput = true, UseShellExecute = false };
        using Process cat = Process.Start(start)!;
        byte[] bytes = new byte[1 << 20];
        cat.StandardOutput.BaseStream.ReadExactly(bytes);
        cat.WaitForExit();
        return bytes;
    }
}
