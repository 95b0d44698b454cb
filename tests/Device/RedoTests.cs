using BlockEmu.Device.Atoms;
using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Tests;

/// <summary>A batch with an atom of more than a page, whose server dies while it is being written.</summary>
public sealed class RedoTests : IDisposable
{
    private const int Size = 64 << 10;
    private readonly TempImage _image = new();

    public void Dispose() => _image.Dispose();

    private string RedoPath => _image.Path + RedoFile.Suffix;

    private DiskOptions Options => new()
    {
        Name = "r",
        SizeBytes = Size,
        FilePath = _image.Path,
        SyncToHost = false,
        Atomicity = new AtomicityParameters { AwunBytes = 16_384, AwupfBytes = 16_384, AcwuBytes = 4096 },
    };

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    /// <summary>What the batch of <see cref="LeaveHalfDone"/> makes of an image of 9s.</summary>
    private static byte[] Done =>
    [
        .. Filled(512, 9), .. Filled(16_384, 1), .. Filled(3584, 9), .. Filled(8192, 0), .. Filled(4096, 0), .. Filled(512, 0), .. Filled(Size - 33_280, 9),
    ];

    /// <summary>An image of 9s on which a server has begun a batch and was killed after some of its bytes.</summary>
    private void LeaveHalfDone(int bytesDone = 4096, bool withZeroes = true)
    {
        File.WriteAllBytes(_image.Path, Filled(Size, 9));
        DiskGeometry geometry = new(Size, 512);
        using PageArena arena = new();
        PlatterDelta delta = new(geometry, arena);
        byte[] data = GC.AllocateArray<byte>(16_384, pinned: true);
        data.AsSpan().Fill(1);
        nint at;
        unsafe
        {
            fixed (byte* start = data)
            {
                at = (nint)start;
            }
        }

        if (withZeroes)
        {
            delta.Cover(new LivePiece(20_480, 12_800, 0), AtomReach.Pages); // three pages and one block
        }

        delta.Cover(new LivePiece(512, 16_384, at), AtomReach.Pages);
        using SafeFileHandle image = File.OpenHandle(_image.Path, FileMode.Open, FileAccess.ReadWrite);
        using RedoFile redo = new(geometry, image, _image.Path);
        redo.Arm(delta);
        delta.Free();
        RandomAccess.Write(image, data.AsSpan(0, bytesDone), 512);
    }

    private RedoState Recover(RedoUse use = RedoUse.Finish)
    {
        using SafeFileHandle image = File.OpenHandle(_image.Path, FileMode.Open, FileAccess.ReadWrite);
        return RedoRecovery.Run(image, _image.Path, use);
    }

    private byte[] OpenAndClose()
    {
        using (new Disk(Options))
        {
            Assert.False(File.Exists(RedoPath), "the redo file is still there");
        }

        return File.ReadAllBytes(_image.Path);
    }

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
        Assert.Equal(Done, File.ReadAllBytes(_image.Path));
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
    public void Cut_off_anywhere_it_counts_for_nothing()
    {
        LeaveHalfDone();
        byte[] before = File.ReadAllBytes(_image.Path);
        byte[] whole = File.ReadAllBytes(RedoPath);
        for (int length = 0; length < whole.Length; length += length < 200 ? 1 : 997)
        {
            File.WriteAllBytes(RedoPath, whole[..length]);
            RedoState state = Recover();
            Assert.True(state == length switch { 0 => RedoState.None, < 8 => RedoState.Foreign, _ => RedoState.NotBegun }, $"{length} bytes: {state}");
            File.Delete(RedoPath);
        }

        Assert.Equal(before, File.ReadAllBytes(_image.Path));
    }

    [Fact]
    public void With_any_byte_changed_it_counts_for_nothing()
    {
        LeaveHalfDone();
        byte[] before = File.ReadAllBytes(_image.Path);
        byte[] whole = File.ReadAllBytes(RedoPath);
        for (int i = 8; i < whole.Length; i += i < 200 ? 1 : 991)
        {
            byte[] changed = [.. whole];
            changed[i] ^= 0x40;
            File.WriteAllBytes(RedoPath, changed);
            Assert.True(Recover() == RedoState.NotBegun, $"byte {i}");
        }

        Assert.Equal(before, File.ReadAllBytes(_image.Path));
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
        byte[] before = File.ReadAllBytes(_image.Path);
        File.Copy(_image.Path, _image.Path + "2");
        File.Delete(_image.Path); // its number may go to the next
        File.WriteAllBytes(_image.Path, before);
        Assert.Equal(RedoState.OtherImage, Recover(RedoUse.Look));
        Assert.Equal(before, OpenAndClose());
        File.Move(_image.Path + "2", _image.Path, overwrite: true);
    }

    [Fact]
    public void Of_an_image_that_was_overwritten_in_place_it_counts_for_nothing()
    {
        LeaveHalfDone(withZeroes: false);
        using (SafeFileHandle image = File.OpenHandle(_image.Path, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.Write(image, Filled(Size, 7), 0);
        }

        Assert.Equal(RedoState.NotBegun, Recover(RedoUse.Look));
        Assert.Equal(Filled(Size, 7), OpenAndClose());
    }

    [Fact]
    public void It_is_found_by_every_link_to_the_image()
    {
        LeaveHalfDone();
        using TempImage link = new();
        File.CreateSymbolicLink(link.Path, _image.Path);
        using (new Disk(Options with { FilePath = link.Path }))
        {
            Assert.False(File.Exists(RedoPath));
        }

        Assert.Equal(Done, File.ReadAllBytes(_image.Path));
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
        File.WriteAllBytes(_image.Path, Filled(Size, 9));
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
        Assert.Equal(Filled(8192, 2), File.ReadAllBytes(_image.Path).AsSpan(512, 8192));
    }
}
