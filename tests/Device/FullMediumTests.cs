using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;

namespace BlockEmu.Device.Tests;

/// <summary>A medium that has no room for what is pending, while something newer would free it; and cuts that it does not let be
/// judged.</summary>
public sealed class FullMediumTests : IDisposable
{
    private const int SizeBytes = 8 << 20;

    private readonly TempImage _image = new();
    private FailingMedium? _medium;

    public void Dispose() => _image.Dispose();

    private Disk Open(DestagePolicy? destage = null, long cacheBytes = 4 << 20)
    {
        DiskOptions options = new() { Name = "f", SizeBytes = SizeBytes, FilePath = _image.Path, CacheBytes = cacheBytes };
        options = destage is null ? options : options with { Destage = destage };
        Disk disk = new(options, events: null, inner => _medium = new FailingMedium(inner));
        _medium!.IsTooMuch = delta => delta.Pages.Count > 0; // only what frees goes
        return disk;
    }

    private static DiskStatus Write(Disk disk, long offsetBytes, int lengthBytes = 4096, byte value = 1)
    {
        byte[] bytes = new byte[lengthBytes];
        bytes.AsSpan().Fill(value);
        return disk.Write(disk.PowerEpoch, offsetBytes, bytes, fua: false);
    }

    [Theory]
    [InlineData("trim")]
    [InlineData("zeroes")]
    [InlineData("both, in halves")]
    public void A_flush_frees_first_what_is_to_be_freed(string how)
    {
        using Disk disk = Open();
        for (long at = 0; at < 2 << 20; at += 65_536)
        {
            Assert.Equal(DiskStatus.Ok, Write(disk, at, 65_536));
        }

        Assert.Equal(DiskStatus.MediumFull, disk.Flush(disk.PowerEpoch));
        long half = SizeBytes / 2;
        Assert.Equal(DiskStatus.Ok, how switch
        {
            "trim" => disk.Trim(disk.PowerEpoch, 0, SizeBytes, fua: false),
            "zeroes" => disk.WriteZeroes(disk.PowerEpoch, 0, SizeBytes, fua: false, mayPunchHole: true),
            _ => disk.Trim(disk.PowerEpoch, 0, 1 << 20, fua: false) == DiskStatus.Ok
                ? disk.WriteZeroes(disk.PowerEpoch, 1 << 20, half, fua: false, mayPunchHole: true)
                : DiskStatus.MediumError,
        });
        Assert.Equal(DiskStatus.Ok, disk.Flush(disk.PowerEpoch));
        Assert.Equal(0, disk.GetStatistics().PendingCommands);
    }

    [Fact]
    public void What_no_trim_covers_stays_pending_and_the_flush_still_fails()
    {
        using Disk disk = Open();
        Write(disk, 0);
        Write(disk, 4096);
        disk.Trim(disk.PowerEpoch, 4096, 4096, fua: false);
        Assert.Equal(DiskStatus.MediumFull, disk.Flush(disk.PowerEpoch));
        _medium!.IsTooMuch = static _ => false;
        Assert.Equal(DiskStatus.Ok, disk.Flush(disk.PowerEpoch));
        byte[] read = new byte[8192];
        Assert.Equal(DiskStatus.Ok, disk.Read(disk.PowerEpoch, 0, read));
        Assert.Equal((1, 0), (read[0], read[4096]));
    }

    [Fact]
    public void A_trim_that_the_flush_does_not_cover_is_not_needed_for_it_and_does_it_no_harm()
    {
        using Disk disk = Open();
        Write(disk, 0);
        disk.Trim(disk.PowerEpoch, 0, SizeBytes, fua: false);
        Write(disk, 0, value: 3); // newer than the trim: it has to go by itself
        Assert.Equal(DiskStatus.MediumFull, disk.Flush(disk.PowerEpoch));
        byte[] read = new byte[1];
        Assert.Equal(DiskStatus.Ok, disk.Read(disk.PowerEpoch, 0, read));
        Assert.Equal(3, read[0]);
        Assert.Equal(1, disk.GetStatistics().PendingCommands);
    }

    [Fact]
    public void An_overwrite_that_goes_makes_what_does_not_go_unnecessary()
    {
        using Disk disk = Open();
        _medium!.IsTooMuch = delta => delta.Pages.Count > 1; // as where a redo of several pages has no room
        Write(disk, 0, 8192);
        Write(disk, 0, value: 2);
        Write(disk, 4096, value: 3);
        Assert.Equal(DiskStatus.Ok, disk.Flush(disk.PowerEpoch));
        byte[] file = new byte[8192];
        disk.Cut();
        disk.ReadPlatter(reader => reader(0, file));
        Assert.Equal((2, 3), (file[0], file[4096]));
    }

    [Fact]
    public void A_full_cache_frees_first_what_is_to_be_freed()
    {
        using Disk disk = Open(cacheBytes: 64 << 10);
        Write(disk, 0, 32_768);
        Write(disk, 32_768, 32_768);
        Assert.Equal(DiskStatus.MediumFull, Write(disk, 65_536));
        disk.Trim(disk.PowerEpoch, 0, 65_536, fua: false);
        Assert.Equal(DiskStatus.Ok, Write(disk, 65_536));
    }

    [Fact]
    public void Destaging_by_the_clock_frees_first_what_is_to_be_freed()
    {
        using Disk disk = Open(DestagePolicy.AtRate(1 << 20));
        Write(disk, 0, 65_536);
        disk.Trim(disk.PowerEpoch, 0, SizeBytes, fua: false);
        disk.Destage(1 << 20);
        Assert.Equal(0, disk.GetStatistics().PendingCommands);
    }

    [Fact]
    public void A_cut_that_could_not_be_judged_keeps_what_was_pending_until_somebody_decides()
    {
        using Disk disk = Open();
        List<PowerState> heard = [];
        disk.PowerChanged += (_, state) => heard.Add(state);
        Write(disk, 0);
        Assert.Throws<CutNotJudgedException>(() => disk.Cut(loss: LossModel.KeepAll));
        Assert.Equal(PowerState.Off, Assert.Single(heard));
        Assert.Equal("the medium is full", disk.Failure);
        Assert.Empty(disk.Reports);
        Assert.Contains("accepts \"lose-all\"", Assert.Throws<PowerMoveException>(() => disk.PowerOn()).Message, StringComparison.Ordinal);
        Assert.Throws<CutNotJudgedException>(() => disk.Recut(loss: LossModel.KeepAll));
        Assert.Throws<PowerMoveException>(() => disk.PowerOn());
        _medium!.IsTooMuch = static _ => false;
        CutReport report = disk.Recut(loss: LossModel.KeepAll);
        Assert.Equal((1, 1, false), (report.CommandsKept, report.CutNumber, report.IsRecut));
        Assert.Null(disk.Failure);
        disk.PowerOn();
    }

    [Fact]
    public void A_recut_that_fails_takes_back_the_judgement_before_it()
    {
        using Disk disk = Open();
        _medium!.IsTooMuch = static _ => false;
        Write(disk, 0);
        disk.Cut(loss: LossModel.KeepAll);
        _medium.IsTooMuch = static _ => true;
        Assert.Throws<CutNotJudgedException>(() => disk.Recut(loss: LossModel.KeepAll));
        Assert.Throws<PowerMoveException>(() => disk.PowerOn());
        disk.PowerOn(acceptLoss: true);
        byte[] read = [0xEE];
        Assert.Equal(DiskStatus.Ok, disk.Read(disk.PowerEpoch, 0, read));
        Assert.Equal(0, read[0]);
    }
}
