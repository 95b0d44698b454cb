using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;

namespace BlockEmu.Device.Tests;

public sealed class PowerTests
{
    private static Disk NewDisk(long size = 1 << 20) => new(new DiskOptions { Name = "p", SizeBytes = size, Seed = 3 });

    [Fact]
    public void Moves_that_make_no_sense_are_refused_and_change_nothing()
    {
        using Disk disk = NewDisk();
        Assert.Equal(PowerState.On, Assert.Throws<PowerMoveException>(() => disk.PowerOn()).State);
        Assert.Throws<PowerMoveException>(() => disk.Recut());
        Assert.Throws<PowerMoveException>(() => disk.ReadPlatter(_ => { }));
        disk.Cut();
        Assert.Equal(PowerState.Off, Assert.Throws<PowerMoveException>(() => disk.Cut()).State);
        Assert.Throws<PowerMoveException>(() => disk.Shutdown());
        Assert.Throws<PowerMoveException>(() => disk.Mark("late"));
        Assert.Single(disk.Reports);
    }

    [Fact]
    public void A_command_of_an_older_epoch_is_never_carried_out()
    {
        using Disk disk = NewDisk();
        long old = disk.PowerEpoch;
        disk.Cut();
        Assert.Equal(DiskStatus.PowerLost, disk.Write(old, 0, new byte[512], fua: false));
        disk.PowerOn();
        Assert.Equal(DiskStatus.PowerLost, disk.Write(old, 0, new byte[512], fua: false));
        Assert.Equal(DiskStatus.PowerLost, disk.Flush(old));
        Assert.Equal(DiskStatus.Ok, disk.Flush(disk.PowerEpoch));
    }

    [Fact]
    public void A_report_tells_the_marks_before_the_cut_and_the_seed_that_repeats_it()
    {
        using Disk disk = NewDisk();
        disk.Write(disk.PowerEpoch, 0, new byte[512], fua: true);
        disk.Mark("told the user");
        disk.Write(disk.PowerEpoch, 512, new byte[8192], fua: false);
        CutReport report = disk.Cut();
        Assert.Equal([new DiskMark(1, "told the user")], report.Marks);
        Assert.True(report.Seed < 1UL << 53, "a drawn seed fits a JSON number");
        CutReport again = disk.Recut(report.Seed);
        Assert.Equal(report.Pending.Select(e => e.Outcome), again.Pending.Select(e => e.Outcome));
        Assert.True(again.IsRecut);
        Assert.Equal((1, 2, 1, 1), (report.Number, again.Number, report.CutNumber, again.CutNumber));
        disk.PowerOn();
        Assert.Empty(disk.Cut().Marks);
    }

    [Fact]
    public void Replacing_the_platter_ends_the_evidence()
    {
        using Disk disk = NewDisk();
        disk.Write(disk.PowerEpoch, 0, [.. Enumerable.Repeat((byte)1, 512)], fua: false);
        disk.Cut();
        disk.WritePlatter(write => write(4096, [.. Enumerable.Repeat((byte)9, 4096)]));
        Assert.Throws<PowerMoveException>(() => disk.Recut());
        disk.PowerOn();
        byte[] read = new byte[512];
        disk.Read(disk.PowerEpoch, 4096, read);
        Assert.Equal(9, read[0]);
    }

    [Fact]
    public void A_terabyte_is_trimmed_flushed_cut_and_recut_without_a_page()
    {
        using Disk disk = NewDisk(1L << 40);
        disk.Write(disk.PowerEpoch, (1L << 39) + 512, [.. Enumerable.Repeat((byte)1, 512)], fua: true);
        for (long offset = 0; offset < 1L << 40; offset += 0xFFFF_FE00)
        {
            Assert.Equal(DiskStatus.Ok, disk.Trim(disk.PowerEpoch, offset, Math.Min(0xFFFF_FE00, (1L << 40) - offset), fua: false));
        }

        Assert.True(disk.GetStatistics().ArenaBytes < 1 << 20);
        CutReport report = disk.Cut(1, LossModel.Random(0.5));
        Assert.Equal(257, report.Pending.Count);
        Assert.True(report.CommandsTorn > 200, "block-sized atoms of a big trim are lost apart, in runs");
        disk.Recut(2, LossModel.KeepAll);
        byte[] read = new byte[512];
        disk.ReadPlatter(reader => reader((1L << 39) + 512, read));
        Assert.Equal(0, read[0]);
        disk.Recut(2, LossModel.LoseAll);
        disk.ReadPlatter(reader => reader((1L << 39) + 512, read));
        Assert.Equal(1, read[0]);
    }

    [Fact]
    public void Requests_past_the_end_and_writes_to_a_read_only_disk_change_nothing()
    {
        using Disk disk = NewDisk();
        Assert.Equal(DiskStatus.OutOfRange, disk.Write(disk.PowerEpoch, (1 << 20) - 511, new byte[512], fua: false));
        Assert.Equal(DiskStatus.OutOfRange, disk.Read(disk.PowerEpoch, long.MaxValue, new byte[512]));
        Assert.Equal(DiskStatus.OutOfRange, disk.Read(disk.PowerEpoch, -1, new byte[1]));
        Assert.Equal(DiskStatus.OutOfRange, disk.Trim(disk.PowerEpoch, 512, long.MaxValue, fua: false));
        Assert.Equal(DiskStatus.OutOfRange, disk.WriteZeroes(disk.PowerEpoch, 1, 1 << 20, fua: false, mayPunchHole: true));
        Assert.Equal(0, disk.GetStatistics().NewestSequence);
        using Disk readOnly = new(new DiskOptions { Name = "r", SizeBytes = 4096, IsReadOnly = true });
        Assert.Equal(DiskStatus.ReadOnly, readOnly.Write(readOnly.PowerEpoch, 0, new byte[512], fua: false));
        Assert.Equal(DiskStatus.ReadOnly, readOnly.Trim(readOnly.PowerEpoch, 0, 512, fua: false));
        Assert.Equal(DiskStatus.Ok, readOnly.Flush(readOnly.PowerEpoch));
    }

    [Theory]
    [InlineData("lose-all")]
    [InlineData("keep-all")]
    [InlineData("random:0.25")]
    [InlineData("random:0.00001")]
    [InlineData("aged:0.9..0.1")]
    [InlineData("aged:0..1")]
    [InlineData("fifo")]
    [InlineData("epoch")]
    [InlineData("adversary")]
    [InlineData("explicit:12,13.0,14.2-7")]
    [InlineData("explicit:")]
    public void A_loss_model_reads_back_what_it_writes(string text)
    {
        Assert.True(LossModel.TryParse(text, out LossModel model, out _));
        Assert.Equal(text, model.ToString());
    }

    [Fact]
    public void A_loss_model_named_alone_has_its_usual_probabilities()
    {
        Assert.True(LossModel.TryParse("random", out LossModel random, out _));
        Assert.True(LossModel.TryParse("aged", out LossModel aged, out _));
        Assert.Equal(("random:0.5", "aged:0.9..0.1"), (random.ToString(), aged.ToString()));
    }

    [Theory]
    [InlineData("random:1.5")]
    [InlineData("random:-1")]
    [InlineData("random:NaN")]
    [InlineData("aged:0.5")]
    [InlineData("aged:0.5..")]
    [InlineData("aged:0.1..1.5")]
    [InlineData("aged:-0.1..0.5")]
    [InlineData("epoch:3")]
    [InlineData("explicit:1,")]
    [InlineData("explicit:1.5-2")]
    [InlineData("LOSE-ALL")]
    [InlineData("")]
    public void A_wrong_loss_model_is_refused_with_what_would_be_right(string text)
    {
        Assert.False(LossModel.TryParse(text, out _, out string fault));
        Assert.Contains("lose-all", fault, StringComparison.Ordinal);
    }
}
