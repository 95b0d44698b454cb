using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>What is about to be done to an image, in a file beside it until it is done. A process that is killed inside a write
/// leaves it torn at a page of the host; the next one to open the image then does it all again (<see cref="RedoRecovery"/>), so that
/// every atom of it is there.</summary>
/// <remarks>
/// It is for the death of the process, not of the host: it is never synced, and of another boot it counts for nothing. Of a batch that
/// the host has refused half way it stays until the next batch, which takes its place.
/// A header (<see cref="RedoHeader"/>); records (<see cref="RedoRecord"/>), in the order in which the image is written; then the bytes
/// of the records that are not zeroes, in their order. Its own time is that of a moment shortly before the image was written
/// (<see cref="Beat"/>): an image whose time is much later was written by somebody else.
/// </remarks>
internal sealed unsafe class RedoFile(DiskGeometry geometry, SafeFileHandle image, string imagePath) : IDisposable
{
    /// <summary>How the name of an image goes on for its redo file.</summary>
    public const string Suffix = ".redo";

    /// <summary>How many writes may go to the image between two beats.</summary>
    private const int WritesPerBeat = 64;

    private readonly string _path = PathOf(imagePath);
    private readonly RedoHead _head = new(image, geometry.SizeBytes);
    private ImageIdentity _identity;
    private SafeFileHandle? _file;
    private FileRun? _run;
    private int _writes;

    /// <summary>Whether something would be done again.</summary>
    public bool IsArmed { get; private set; }

    /// <summary>Where the redo file of an image is: beside the file itself, by whatever link it is named.</summary>
    public static string PathOf(string imagePath) =>
        ((File.Exists(imagePath) ? File.ResolveLinkTarget(imagePath, returnFinalTarget: true)?.FullName : null) ?? Path.GetFullPath(imagePath)) + Suffix;

    /// <summary>Refuses (<see cref="DeviceIoException"/>) an image beside which none can be kept, before anybody relies on it.</summary>
    /// <param name="image">The image, open.</param>
    /// <param name="imagePath">Where it is.</param>
    public static void RequirePlace(SafeFileHandle image, string imagePath)
    {
        string path = PathOf(imagePath);
        if (ImageIdentity.BootId is null)
        {
            throw Refusal(path, "this host does not tell its boots apart, so it could not be judged later", inner: null);
        }

        Create(path, image).Dispose();
        File.Delete(path);
    }

    /// <summary>Writes down what a delta will do to the pages that may tear. Throws <see cref="DeviceIoException"/>; then nothing
    /// may be done.</summary>
    public void Arm(PlatterDelta delta)
    {
        Begin();
        foreach (PageRange range in delta.ZeroRanges.AsSpan())
        {
            long start = range.Start * PageArena.PageBytes;
            _head.Add(start, -(Math.Min(range.End * PageArena.PageBytes, geometry.SizeBytes) - start));
        }

        foreach (DeltaPiece piece in delta.WalkPieces(onlyTearing: true))
        {
            _head.Add(piece.OffsetBytes, piece.Data == 0 ? -piece.LengthBytes : piece.LengthBytes);
        }

        // Where a file system, or whoever overwrites an image, is most likely to write.
        long last = geometry.PageCount - 1;
        AddWitness(delta, 0);
        AddWitness(delta, last / 2);
        AddWitness(delta, last);
        _head.NoteOld();
        uint checksum = FinishHead(delta.KeepsProvisioned);
        RedoSum sum = default;
        foreach (DeltaPiece piece in delta.WalkPieces(onlyTearing: true))
        {
            sum.Add(new ReadOnlySpan<byte>((void*)piece.Data, piece.Data == 0 ? 0 : piece.LengthBytes));
        }

        RedoHeader.Seal(_head.Bytes, sum.Behind(checksum));
        fixed (byte* head = _head.Bytes)
        {
            _run!.Drop();
            _run.Add(0, (nint)head, _head.Length);
            long offset = _head.Length;
            foreach (DeltaPiece piece in delta.WalkPieces(onlyTearing: true))
            {
                if (piece.Data != 0)
                {
                    _run.Add(offset, piece.Data, piece.LengthBytes);
                    offset += piece.LengthBytes;
                }
            }

            Send(_run);
        }

        Fire();
    }

    /// <summary>Writes down what putting back an old platter will do. As <see cref="Arm(PlatterDelta)"/>.</summary>
    public void Arm(FileUndo undo)
    {
        Begin();
        foreach (OldPiece piece in undo.Pieces)
        {
            _head.Add(piece.OffsetBytes, piece.IsData ? piece.LengthBytes : -piece.LengthBytes);
        }

        _head.NoteOld();
        uint checksum = FinishHead(keepsProvisioned: false);
        RedoSum sum = default;
        long offset = _head.Length;
        foreach (ReadOnlyMemory<byte> bytes in undo.Bytes)
        {
            sum.Add(bytes.Span);
            Write(offset, bytes.Span);
            offset += bytes.Length;
        }

        RedoHeader.Seal(_head.Bytes, sum.Behind(checksum));
        Write(0, _head.Bytes);
        Fire();
    }

    /// <summary>Before each write of the image: now and then it notes how late it is, by the host's own clock. Nothing when nothing is
    /// armed.</summary>
    /// <param name="now">Whether a while may have passed, or will.</param>
    public void Beat(bool now)
    {
        if (IsArmed && (now || ++_writes >= WritesPerBeat))
        {
            _writes = 0;
            Write(0, RedoHeader.Magic);
        }
    }

    /// <summary>What was written down is done, or is not to be done any more.</summary>
    public void Disarm()
    {
        if (IsArmed)
        {
            Write(0, RedoHeader.Nothing);
            IsArmed = false;
        }
    }

    public void Dispose()
    {
        if (_file is null)
        {
            return;
        }

        _file.Dispose();
        if (!IsArmed)
        {
            File.Delete(_path);
            ImageMarks.ForgetRedoPath(image);
        }
    }

    private static SafeFileHandle Create(string path, SafeFileHandle image)
    {
        try
        {
            return PrivateFile.Create(path, image);
        }
        catch (DeviceIoException e)
        {
            throw Refusal(path, e.Message, e);
        }
    }

    private static DeviceIoException Refusal(string path, string why, Exception? inner) =>
        new($"redo: {path} cannot be made (redo=off goes without it): {why}", LibC.EIO, inner);

    private void Begin()
    {
        if (_file is null)
        {
            _identity = ImageIdentity.Find(image);
            _file = Create(_path, image);
            _run = new FileRun(_file, LibC.IOV_MAX);
            _head.Clear();
            FinishHead(keepsProvisioned: false);
            Write(0, _head.Bytes); // whose it is, from the first
            ImageMarks.NoteRedoPath(image, _path);
        }

        Disarm(); // so that what is written piece by piece counts for nothing before its header does
        _head.Clear();
    }

    private void AddWitness(PlatterDelta delta, long page)
    {
        if (!delta.Pages.ContainsKey(page) && !delta.ZeroRanges.Contains(page))
        {
            _head.Add(page * PageArena.PageBytes, 0);
        }
    }

    private uint FinishHead(bool keepsProvisioned)
    {
        FileFacts facts = LibC.TryStat(image) ?? throw FileBytes.Error("statx", 0);
        return _head.Finish(new RedoHeader(_identity, facts.ModifiedNanoseconds, _head.RecordCount, keepsProvisioned));
    }

    /// <summary>From here on it counts: all of it is there, and what a kill leaves before this is known from what is damaged.</summary>
    private void Fire()
    {
        IsArmed = true;
        Beat(now: true);
    }

    private void Write(long offsetBytes, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            _run!.Drop();
            _run.Add(offsetBytes, (nint)start, bytes.Length);
            Send(_run);
        }
    }

    private void Send(FileRun run)
    {
        try
        {
            run.Flush();
        }
        catch (DeviceIoException e)
        {
            throw new DeviceIoException($"redo: {_path} (redo=off goes without it): {e.Message}", e.Errno, e);
        }
    }
}
