using BlockEmu.Device.Media;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Tests;

/// <summary>A batch with an atom of more than a page, whose server dies while it is being written.</summary>
public sealed class RedoTests : HalfDoneImage
{
    [Theory]
    [InlineData(3584)]
    [InlineData(8192)]
    [InlineData(16_384)]
    public void The_next_server_does_it_again_whole(int bytesDone)
    {
        LeaveHalfDone(bytesDone);
        Assert.Equal(Done, OpenAndClose());
        Assert.Equal(Done, OpenAndClose());
    }

    [Fact]
    public void Whoever_dies_while_doing_it_again_leaves_it_to_the_next()
    {
        LeaveHalfDone();
        byte[] redo = File.ReadAllBytes(RedoPath);
        Assert.Equal(RedoState.Unfinished, Recover(RedoUse.Look));
        Assert.Equal(RedoState.Unfinished, Recover());
        File.WriteAllBytes(RedoPath, redo); // as if it had died before it took the file away
        Assert.Equal(RedoState.Unfinished, Recover());
        Assert.Equal(Done, File.ReadAllBytes(ImagePath));
        Assert.Equal(RedoState.None, Recover());
    }

    [Fact]
    public void What_had_not_begun_is_not_done()
    {
        LeaveHalfDone(bytesDone: 0, withZeroes: false);
        Assert.Equal(RedoState.NotBegun, Recover(RedoUse.Look));
        Assert.Equal(Filled(Size, 9), OpenAndClose());
    }

    [Fact]
    public void Cut_off_anywhere_it_counts_for_nothing_and_that_is_said()
    {
        LeaveHalfDone();
        byte[] before = File.ReadAllBytes(ImagePath);
        byte[] whole = File.ReadAllBytes(RedoPath);
        for (int length = 0; length < whole.Length; length += length < 200 ? 1 : 997)
        {
            File.WriteAllBytes(RedoPath, whole[..length]);
            RedoState state = Recover(RedoUse.Look);
            Assert.True(state == (length is > 0 and < 8 ? RedoState.Missing : RedoState.Damaged), $"{length} bytes: {state}");
        }

        Assert.Equal(before, File.ReadAllBytes(ImagePath));
    }

    [Fact]
    public void With_any_byte_changed_it_counts_for_nothing_and_that_is_said()
    {
        LeaveHalfDone();
        byte[] before = File.ReadAllBytes(ImagePath);
        byte[] whole = File.ReadAllBytes(RedoPath);
        for (int i = 8; i < whole.Length; i += i < 200 ? 1 : 991)
        {
            byte[] changed = [.. whole];
            changed[i] ^= 0x40;
            File.WriteAllBytes(RedoPath, changed);
            Assert.True(Recover(RedoUse.Look) == RedoState.Damaged, $"byte {i}");
        }

        Assert.Equal(before, File.ReadAllBytes(ImagePath));
    }

    [Fact]
    public void A_shorter_batch_over_a_longer_one_is_read_as_it_is()
    {
        LeaveHalfDone();
        File.AppendAllText(RedoPath, new string('x', 5000));
        Assert.Equal(Done, OpenAndClose());
    }

    [Fact]
    public void Of_a_file_that_was_put_in_the_images_place_it_counts_for_nothing()
    {
        LeaveHalfDone();
        byte[] before = File.ReadAllBytes(ImagePath);
        File.Copy(ImagePath, ImagePath + "2");
        File.Delete(ImagePath); // its number may go to the next
        File.WriteAllBytes(ImagePath, before);
        Assert.Equal(RedoState.OtherImage, Recover(RedoUse.Look));
        Assert.Equal(before, OpenAndClose());
        File.Move(ImagePath + "2", ImagePath, overwrite: true);
    }

    [Fact]
    public void Of_an_image_that_was_overwritten_in_place_it_counts_for_nothing()
    {
        LeaveHalfDone(withZeroes: false);
        using (SafeFileHandle image = File.OpenHandle(ImagePath, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.Write(image, Filled(Size, 7), 0);
        }

        Assert.Equal(RedoState.Changed, Recover(RedoUse.Look));
        Assert.Equal(Filled(Size, 7), OpenAndClose());
    }

    [Fact]
    public void It_is_found_by_every_link_to_the_image()
    {
        LeaveHalfDone();
        using TempImage link = new();
        File.CreateSymbolicLink(link.Path, ImagePath);
        using (new Disk(Options with { FilePath = link.Path }))
        {
            Assert.False(File.Exists(RedoPath));
        }

        Assert.Equal(Done, File.ReadAllBytes(ImagePath));
    }

    [Fact]
    public void A_disk_that_must_not_be_written_can_not_finish_it_and_says_so()
    {
        LeaveHalfDone();
        DeviceIoException refusal = Assert.Throws<DeviceIoException>(() => new Disk(Options with { IsReadOnly = true }));
        Assert.Contains("read-only", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(Done, OpenAndClose());
    }

    [Fact]
    public void A_file_of_somebody_elses_stays_and_so_does_another_versions()
    {
        LeaveHalfDone();
        byte[] whole = File.ReadAllBytes(RedoPath);
        File.WriteAllText(RedoPath, "my own notes");
        Assert.Contains("redo=off", Assert.Throws<DeviceIoException>(() => new Disk(Options)).Message, StringComparison.Ordinal);
        new Disk(Options with { KeepsRedo = false }).Dispose();
        new Disk(Options with { IsReadOnly = true }).Dispose();
        Assert.Equal("my own notes", File.ReadAllText(RedoPath));
        whole[7]++;
        File.WriteAllBytes(RedoPath, whole);
        Assert.Contains("another version", Assert.Throws<DeviceIoException>(() => new Disk(Options)).Message, StringComparison.Ordinal);
        Assert.Equal(whole, File.ReadAllBytes(RedoPath));
    }

    [Theory]
    [InlineData(512, 4096, true)] // in two pages
    [InlineData(4096, 4096, false)]
    [InlineData(4096, 8192, true)]
    [InlineData(4096, 32_768, false)] // beyond AWUPF: blocks
    public void Only_an_atom_that_the_host_could_tear_makes_one(long offset, int length, bool isMade)
    {
        using Disk disk = new(Options);
        disk.Write(1, offset, Filled(length, 1), fua: true);
        Assert.Equal(isMade, File.Exists(RedoPath));
    }

    [Fact]
    public void An_atom_of_one_page_that_is_written_in_two_pieces_makes_one()
    {
        using Disk disk = new(Options with { CacheBytes = 1 << 20 });
        disk.Write(1, 4096, Filled(4096, 1), fua: false);
        disk.Trim(1, 5120, 512, fua: false);
        disk.Write(1, 8192, Filled(1024, 2), fua: false);
        disk.Write(1, 9216, Filled(1024, 3), fua: false);
        Assert.False(File.Exists(RedoPath));
        disk.Flush(1);
        Assert.True(File.Exists(RedoPath));
        Assert.InRange(new FileInfo(RedoPath).Length, 4096 - 512, 4096); // the other page goes in one piece, and is not in it
    }

    [Fact]
    public void What_a_cut_lets_survive_goes_through_it_too_and_so_does_a_recut()
    {
        File.WriteAllBytes(ImagePath, Filled(Size, 9));
        using Disk disk = new(Options with { CacheBytes = 1 << 20 });
        disk.Write(1, 512, Filled(16_384, 5), fua: false);
        disk.Cut(loss: LossModel.LoseAll);
        Assert.False(File.Exists(RedoPath));
        disk.Recut(loss: LossModel.KeepAll);
        Assert.InRange(new FileInfo(RedoPath).Length, 16_384, 20_479);
        disk.Recut(loss: LossModel.LoseAll);
        Assert.InRange(new FileInfo(RedoPath).Length, 20_480, 24_576); // the five pages as they were
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_orderly_end_leaves_none_and_off_makes_none(bool keepsRedo)
    {
        using (Disk disk = new(Options with { KeepsRedo = keepsRedo }))
        {
            disk.Write(1, 4096, Filled(4096, 1), fua: true);
            Assert.False(File.Exists(RedoPath), "an atom within a page needs none");
            disk.Write(1, 512, Filled(8192, 2), fua: true);
            Assert.Equal(keepsRedo, File.Exists(RedoPath));
        }

        Assert.False(File.Exists(RedoPath));
        Assert.Equal(Filled(8192, 2), File.ReadAllBytes(ImagePath).AsSpan(512, 8192));
    }
}
