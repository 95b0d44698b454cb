using BlockEmu.Device.Atoms;
using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>Tests of an image whose server died inside a batch with an atom of more than a page.</summary>
public abstract class HalfDoneImage : IDisposable
{
    protected const int Size = 64 << 10;
    private readonly TempImage _image = new();

    public void Dispose() => _image.Dispose();

    protected string ImagePath => _image.Path;

    protected string FolderPath => _image.DirectoryPath;

    protected string RedoPath => _image.Path + RedoFile.Suffix;

    protected DiskOptions Options => new()
    {
        Name = "r",
        SizeBytes = Size,
        FilePath = _image.Path,
        SyncToHost = false,
        Atomicity = new AtomicityParameters { AwunBytes = 16_384, AwupfBytes = 16_384, AcwuBytes = 4096 },
    };

    protected static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    /// <summary>What the batch of <see cref="LeaveHalfDone"/> makes of an image of 9s.</summary>
    protected static byte[] Done =>
    [
        .. Filled(512, 9), .. Filled(16_384, 1), .. Filled(3584, 9), .. Filled(8192, 0), .. Filled(4096, 0), .. Filled(512, 0), .. Filled(Size - 33_280, 9),
    ];

    /// <summary>An image of 9s on which a server has begun a batch and was killed after some of its bytes.</summary>
    protected void LeaveHalfDone(int bytesDone = 4096, bool withZeroes = true)
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
        SetLag(TimeSpan.FromMilliseconds(1));
    }

    /// <summary>As <see cref="LeaveHalfDone"/>: all was trimmed and then written at one place, and the server was killed between the two.</summary>
    protected unsafe void LeaveZeroed()
    {
        File.WriteAllBytes(_image.Path, Filled(Size, 9));
        DiskGeometry geometry = new(Size, 512);
        using PageArena arena = new();
        PlatterDelta delta = new(geometry, arena);
        byte[] data = GC.AllocateArray<byte>(16_384, pinned: true);
        data.AsSpan().Fill(1);
        fixed (byte* start = data)
        {
            delta.Cover(new LivePiece(4096, 16_384, (nint)start), AtomReach.Pages);
            delta.Cover(new LivePiece(0, Size, 0), AtomReach.Pages); // the older one
            using SafeFileHandle image = File.OpenHandle(_image.Path, FileMode.Open, FileAccess.ReadWrite);
            using RedoFile redo = new(geometry, image, _image.Path);
            redo.Arm(delta);
            delta.Free();
            RandomAccess.Write(image, new byte[Size], 0);
        }

        SetLag(TimeSpan.FromMilliseconds(1));
    }

    /// <summary>How much later than its redo file the image was written: not what this machine's load makes of it.</summary>
    protected void SetLag(TimeSpan lag) => File.SetLastWriteTimeUtc(_image.Path, File.GetLastWriteTimeUtc(RedoPath) + lag);

    protected private RedoState Recover(RedoUse use = RedoUse.Finish) => Find(use).State;

    protected private RedoFinding Find(RedoUse use = RedoUse.Finish)
    {
        using SafeFileHandle image = File.OpenHandle(_image.Path, FileMode.Open, FileAccess.ReadWrite);
        return RedoRecovery.Run(image, _image.Path, use);
    }

    protected byte[] OpenAndClose()
    {
        using (new Disk(Options))
        {
            Assert.False(File.Exists(RedoPath), "the redo file is still there");
        }

        return File.ReadAllBytes(_image.Path);
    }
}
