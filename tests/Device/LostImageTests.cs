using System.Diagnostics;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;

namespace BlockEmu.Device.Tests;

/// <summary>An image that somebody else truncates, replaces, deletes or writes: with the power on, and while it is off.</summary>
public sealed class LostImageTests : IDisposable
{
    private const int SizeBytes = 1 << 20;

    private readonly TempImage _image = new();
    private readonly Disk _disk;

    public LostImageTests()
    {
        _disk = new Disk(new DiskOptions { Name = "f", SizeBytes = SizeBytes, FilePath = _image.Path });
        Write(0, 1);
        Write(SizeBytes - 4096, 1);
        Assert.Equal(DiskStatus.Ok, _disk.Flush(_disk.PowerEpoch));
    }

    public void Dispose()
    {
        _disk.Dispose();
        _image.Dispose();
    }

    private DiskStatus Write(long offsetBytes, byte value, bool fua = false)
    {
        byte[] bytes = new byte[4096];
        bytes.AsSpan().Fill(value);
        return _disk.Write(_disk.PowerEpoch, offsetBytes, bytes, fua);
    }

    private (DiskStatus Status, byte First) Read(long offsetBytes)
    {
        byte[] bytes = [0xEE];
        return (_disk.Read(_disk.PowerEpoch, offsetBytes, bytes), bytes[0]);
    }

    /// <summary>Another program: .NET's own streams would ask for the lock that the disk holds.</summary>
    private static byte[] Run(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        using MemoryStream output = new();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output.ToArray();
    }

    private byte[] ReadFile() => Run("cat", _image.Path);

    private void Truncate(long lengthBytes) => Run("truncate", "-s", $"{lengthBytes}", _image.Path);

    private void Replace(byte value, long sizeBytes = SizeBytes)
    {
        byte[] content = new byte[sizeBytes];
        content.AsSpan().Fill(value);
        File.WriteAllBytes(_image.Path + ".new", content);
        File.Move(_image.Path + ".new", _image.Path, overwrite: true);
    }

    private void MoveAway() => File.Move(_image.Path, _image.Path + ".away");

    private void MoveBack() => File.Move(_image.Path + ".away", _image.Path);

    [Fact]
    public void What_a_truncated_image_has_lost_is_an_error_and_never_zeroes()
    {
        List<PowerState> heard = [];
        _disk.PowerChanged += (_, state) => heard.Add(state);
        Truncate(SizeBytes / 2);
        byte[] read = new byte[8192];
        DiskStatus status = _disk.Read(_disk.PowerEpoch, (SizeBytes / 2) - 4096, read, out long? failedAt);
        Assert.Equal((DiskStatus.MediumError, (long?)(SizeBytes / 2)), (status, failedAt));
        Assert.Equal(PowerState.Failed, _disk.PowerState);
        Assert.Contains($"ends at {SizeBytes / 2}", _disk.Failure, StringComparison.Ordinal);
        Assert.Equal(PowerState.Failed, Assert.Single(heard));

        // Nothing is told of it any more, not even what is there: it may be anything.
        Assert.Equal(DiskStatus.MediumError, Read(0).Status);
        Assert.Equal(DiskStatus.MediumError, Write(0, 2));
        Assert.Equal(DiskStatus.MediumError, _disk.Flush(_disk.PowerEpoch));
        List<DiskExtent> extents = [];
        Assert.Equal(DiskStatus.MediumError, _disk.Map(_disk.PowerEpoch, 0, SizeBytes, 100, extents));
    }

    [Fact]
    public void A_map_of_a_truncated_image_does_not_call_the_rest_a_hole()
    {
        Truncate(0);
        Assert.Equal(DiskStatus.MediumError, _disk.Map(_disk.PowerEpoch, 0, SizeBytes, 100, []));
        Assert.Equal(PowerState.Failed, _disk.PowerState);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_write_does_not_make_a_truncated_image_whole_again(bool fua)
    {
        Truncate(0);
        DiskStatus status = Write(SizeBytes - 4096, 2, fua);
        Assert.Equal(fua ? DiskStatus.MediumError : DiskStatus.Ok, status);
        Assert.Equal(DiskStatus.MediumError, _disk.Flush(_disk.PowerEpoch));
        Assert.Equal(0, new FileInfo(_image.Path).Length);
    }

    [Theory]
    [InlineData("replaced")]
    [InlineData("deleted")]
    [InlineData("moved")]
    public void A_flush_or_FUA_into_a_file_that_is_not_in_its_place_any_more_fails(string what)
    {
        Lose(what);
        Assert.Equal(DiskStatus.Ok, Write(4096, 2));
        Assert.Equal(DiskStatus.MediumError, _disk.Flush(_disk.PowerEpoch));
        Assert.Equal(PowerState.Failed, _disk.PowerState);
        Assert.Equal(DiskStatus.MediumError, Write(8192, 2, fua: true));
        Assert.Equal(DiskStatus.MediumError, _disk.Shutdown());
        Assert.Equal(PowerState.Failed, _disk.PowerState);
    }

    [Theory]
    [InlineData("replaced")]
    [InlineData("deleted")]
    [InlineData("truncated")]
    public void A_shutdown_meets_what_no_command_has_met(string what)
    {
        Lose(what);
        Assert.Equal(DiskStatus.MediumError, _disk.Shutdown());
        Assert.Equal(PowerState.Failed, _disk.PowerState);
    }

    [Theory]
    [InlineData("replaced")]
    [InlineData("deleted")]
    [InlineData("truncated")]
    public void A_cut_is_not_judged_on_an_image_that_is_not_the_disks(string what)
    {
        Write(4096, 2);
        Lose(what);
        Assert.Throws<CutNotJudgedException>(() => _disk.Cut(loss: LossModel.KeepAll));
        Assert.Equal(PowerState.Off, _disk.PowerState);
        Assert.NotNull(_disk.Failure);
        Assert.Throws<PowerMoveException>(() => _disk.PowerOn());
    }

    [Fact]
    public void A_disk_that_has_failed_goes_on_once_its_image_is_back()
    {
        MoveAway();
        Assert.Equal(DiskStatus.Ok, Write(4096, 2));
        Assert.Equal(DiskStatus.MediumError, _disk.Flush(_disk.PowerEpoch));
        Assert.Contains("deleted or moved", Assert.Throws<PowerMoveException>(() => _disk.PowerOn()).Message, StringComparison.Ordinal);
        Assert.Equal(PowerState.Failed, _disk.PowerState);
        MoveBack();
        _disk.PowerOn();
        Assert.Null(_disk.Failure);
        Assert.Equal((DiskStatus.Ok, (byte)1), Read(0));
        Assert.Equal((DiskStatus.Ok, (byte)2), Read(4096)); // the flush had written it before it looked
        Assert.Equal(DiskStatus.Ok, _disk.Flush(_disk.PowerEpoch));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Power_on_takes_an_image_that_was_replaced_while_off(bool byCut)
    {
        GoOff(byCut);
        Replace(7);
        _disk.PowerOn();
        Assert.Equal((DiskStatus.Ok, (byte)7), Read(0));
        Assert.Equal(DiskStatus.Ok, Write(4096, 8, fua: true));
        Assert.Equal(8, ReadFile()[4096]);
        Assert.Single(Directory.GetFiles(_image.DirectoryPath));
    }

    [Theory]
    [InlineData("deleted", "deleted or moved")]
    [InlineData("truncated", "bytes")]
    [InlineData("grown", "2097152 bytes, the disk 1048576")]
    [InlineData("replaced by a larger one", "something else is in its place, with 2097152 bytes")]
    [InlineData("replaced by a smaller one", "something else is in its place, with 4096 bytes")]
    [InlineData("replaced by a folder", "not a regular file")]
    public void Power_on_refuses_an_image_that_does_not_fit_and_says_what_changed(string what, string says)
    {
        GoOff(byCut: true);
        Lose(what);
        Assert.Contains(says, Assert.Throws<PowerMoveException>(() => _disk.PowerOn()).Message, StringComparison.Ordinal);
        Assert.Equal(PowerState.Off, _disk.PowerState);
        Assert.Throws<PowerMoveException>(() => _disk.PowerOn()); // still
    }

    [Fact]
    public void A_platter_is_read_and_written_in_the_file_that_is_there()
    {
        GoOff(byCut: false);
        Replace(7);
        byte[] read = new byte[4096];
        _disk.ReadPlatter(reader => reader(0, read));
        Assert.Equal(7, read[0]);
        Replace(8);
        _disk.WritePlatter(writer => writer(0, new byte[] { 9 }.Concat(new byte[4095]).ToArray()));
        Assert.Equal((9, 8), (ReadFile()[0], ReadFile()[4096]));
    }

    [Theory]
    [InlineData("written")]
    [InlineData("replaced")]
    public void A_cut_is_not_judged_again_on_an_image_that_another_program_has_changed(string what)
    {
        Write(4096, 2);
        _disk.Cut(loss: LossModel.KeepAll);
        _disk.Recut(loss: LossModel.KeepAll); // our own writes are none of this
        Lose(what);
        Assert.Contains("another program", Assert.Throws<PowerMoveException>(() => _disk.Recut()).Message, StringComparison.Ordinal);
        Assert.Throws<PowerMoveException>(() => _disk.WithEvidence(e => e.Report));
        _disk.PowerOn();
        Assert.Equal((DiskStatus.Ok, (byte)(what == "written" ? 5 : 7)), Read(0));
    }

    private void GoOff(bool byCut)
    {
        if (byCut)
        {
            _disk.Cut();
        }
        else
        {
            _disk.Shutdown();
        }
    }

    private void Lose(string what)
    {
        switch (what)
        {
            case "truncated":
                Truncate(SizeBytes / 2);
                break;
            case "grown":
                Truncate(SizeBytes * 2);
                break;
            case "deleted":
                File.Delete(_image.Path);
                break;
            case "moved":
                MoveAway();
                break;
            case "written":
                Run("sh", "-c", $"printf '\\005' | dd of={_image.Path} conv=notrunc status=none");
                Run("touch", "-d", "2031-01-01", _image.Path); // a coarse clock may not have ticked since the judgement
                break;
            case "replaced by a folder":
                File.Delete(_image.Path);
                Directory.CreateDirectory(_image.Path);
                break;
            case "replaced by a larger one":
                Replace(7, SizeBytes * 2);
                break;
            case "replaced by a smaller one":
                Replace(7, 4096);
                break;
            default:
                Replace(7);
                break;
        }
    }
}
