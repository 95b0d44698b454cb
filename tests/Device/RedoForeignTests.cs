using System.Diagnostics;
using BlockEmu.Device.Media;
using BlockEmu.Device.Tests.Simulation;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Tests;

/// <summary>A redo file counts only as long as nobody but its own server has changed the image; what does not count is kept, and said.</summary>
public sealed class RedoForeignTests : HalfDoneImage
{
    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private void Overwrite(long offset, int length, byte value)
    {
        using SafeFileHandle image = File.OpenHandle(ImagePath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.Write(image, Filled(length, value), offset);
    }

    /// <summary>The redo file is as it was, under another name, and nothing of it is on the image.</summary>
    private void IsPutAside(RedoState state, byte[] before)
    {
        byte[] redo = File.ReadAllBytes(RedoPath);
        using (Disk disk = new(Options))
        {
            Assert.Equal(state, disk.Found.State);
            Assert.True(disk.Found.MayBeTorn);
            Assert.NotEmpty(disk.Found.Why);
            Assert.Equal(RedoPath + ".aside-1", disk.Found.AsidePath);
            Assert.Equal(redo, File.ReadAllBytes(disk.Found.AsidePath!));
        }

        Assert.Equal(before, File.ReadAllBytes(ImagePath));
        using Disk next = new(Options);
        Assert.Equal(RedoState.None, next.Found.State);
    }

    [Theory]
    [InlineData(4096, 512)] // a block that had been written
    [InlineData(12_288, 512)] // one that had not
    [InlineData(8192, 4096)] // a page
    [InlineData(0, 64 << 10)] // all
    [InlineData(60 << 10, 512)] // the end, where nothing was being written
    public void Of_an_image_that_another_program_has_written_since_it_is_put_aside(long offset, int length)
    {
        LeaveHalfDone(bytesDone: 7680, withZeroes: false);
        Overwrite(offset, length, 7);
        SetLag(TimeSpan.FromMilliseconds(1)); // as early as can be
        IsPutAside(RedoState.Changed, File.ReadAllBytes(ImagePath));
    }

    [Fact]
    public void Zeroes_below_what_was_still_to_be_written_are_nobody_elses()
    {
        LeaveZeroed();
        Assert.Equal([.. new byte[4096], .. Filled(16_384, 1), .. new byte[Size - 20_480]], OpenAndClose());
    }

    [Theory]
    [InlineData(6000, RedoState.Changed)]
    [InlineData(3_600_000, RedoState.Changed)]
    [InlineData(-3_600_000, RedoState.Changed)] // a copy's time was given to it
    [InlineData(4000, RedoState.Unfinished)] // a machine that was busy between two calls
    [InlineData(500, RedoState.Unfinished)]
    [InlineData(0, RedoState.Unfinished)]
    public void An_image_that_was_written_much_later_or_earlier_than_its_server_did_is_somebody_elses(int lagMs, RedoState state)
    {
        LeaveHalfDone(bytesDone: 7680, withZeroes: false);
        SetLag(TimeSpan.FromMilliseconds(lagMs));
        Assert.Equal(state, Recover(RedoUse.Look));
    }

    [Fact]
    public void Served_by_another_name_it_is_finished_first_and_never_again()
    {
        LeaveHalfDone(bytesDone: 7680);
        byte[] redo = File.ReadAllBytes(RedoPath);
        string other = ImagePath + "-other";
        Run("ln", ImagePath, other);
        using (Disk disk = new(Options with { FilePath = other }))
        {
            Assert.Equal(RedoState.Unfinished, disk.Found.State);
            Assert.False(File.Exists(RedoPath), "it is still there");
            Assert.Equal(DiskStatus.Ok, disk.Write(1, 512, Filled(16_384, 4), fua: true));
        }

        byte[] newer = File.ReadAllBytes(ImagePath);
        Assert.Equal(4, newer[512]);
        Assert.Equal(newer, OpenAndClose());
        Overwrite(512, 4096, 1);
        byte[] before = File.ReadAllBytes(ImagePath);
        File.WriteAllBytes(RedoPath, redo); // as on a host that keeps no notes on a file
        SetLag(TimeSpan.Zero);
        IsPutAside(RedoState.Changed, before);
    }

    [Fact]
    public void A_renamed_image_finds_it_and_so_does_one_that_was_renamed_there_and_back()
    {
        LeaveHalfDone(bytesDone: 7680);
        string other = Path.Combine(Directory.CreateDirectory(Path.Combine(FolderPath, "sub")).FullName, "moved");
        File.Move(ImagePath, other);
        Assert.Equal(RedoState.Unfinished, ImageRecovery.Look(other).State);
        File.Move(other, ImagePath);
        Assert.Equal(Done, OpenAndClose());
    }

    [Fact]
    public void Of_an_image_that_was_moved_away_with_its_folder_it_is_found_by_its_name()
    {
        LeaveHalfDone(bytesDone: 7680);
        string folder = Directory.CreateDirectory(Path.Combine(FolderPath, "sub")).FullName;
        File.Move(RedoPath, Path.Combine(folder, "image.redo"));
        File.Move(ImagePath, Path.Combine(folder, "other"));
        Assert.Equal(RedoState.Unfinished, ImageRecovery.Run(Path.Combine(folder, "other")).State);
        File.Move(Path.Combine(folder, "other"), ImagePath);
        Assert.Equal(Done, File.ReadAllBytes(ImagePath));
        Assert.False(File.Exists(Path.Combine(folder, "image.redo")));
    }

    [Fact]
    public void When_it_is_gone_that_is_said_once()
    {
        LeaveHalfDone(bytesDone: 7680);
        File.Delete(RedoPath);
        using (Disk disk = new(Options))
        {
            Assert.Equal((RedoState.Missing, true), (disk.Found.State, disk.Found.MayBeTorn));
        }

        using Disk next = new(Options);
        Assert.Equal(RedoState.None, next.Found.State);
    }

    [Fact]
    public void Each_one_that_is_put_aside_is_kept_and_so_is_what_has_such_a_name()
    {
        for (int n = 1; n <= 3; n++)
        {
            LeaveHalfDone(bytesDone: 7680);
            Overwrite(4096, 4096, 7);
            if (n == 2)
            {
                File.WriteAllText(RedoPath + ".aside-2", "my own notes");
            }

            using Disk disk = new(Options);
            Assert.Equal(RedoPath + $".aside-{(n == 1 ? 1 : n + 1)}", disk.Found.AsidePath);
        }

        Assert.Equal("my own notes", File.ReadAllText(RedoPath + ".aside-2"));
    }

    [Fact]
    public void One_of_the_version_before_is_put_aside()
    {
        LeaveHalfDone(bytesDone: 7680);
        byte[] redo = File.ReadAllBytes(RedoPath);
        redo[7] = (byte)'1';
        File.WriteAllBytes(RedoPath, redo);
        IsPutAside(RedoState.Earlier, File.ReadAllBytes(ImagePath));
    }

    [Fact]
    public void One_beside_an_image_that_is_made_anew_is_put_aside()
    {
        LeaveHalfDone(bytesDone: 7680);
        File.Move(ImagePath, ImagePath + "-old"); // so that its number is not given anew
        using Disk disk = new(Options);
        Assert.Equal(RedoState.OtherImage, disk.Found.State);
        Assert.True(File.Exists(disk.Found.AsidePath));
    }

    [Fact]
    public void A_link_in_its_place_is_not_followed()
    {
        LeaveHalfDone(bytesDone: 7680);
        File.Move(RedoPath, RedoPath + "-moved");
        File.CreateSymbolicLink(RedoPath, RedoPath + "-moved");
        Assert.Equal(RedoState.Missing, Recover(RedoUse.Look));
    }
}
