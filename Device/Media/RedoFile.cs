using System.Buffers.Binary;
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
/// A header (<see cref="RedoHeader"/>); records of 16 bytes, each an offset and a length in bytes, the length of zeroes negative, in the
/// order in which the image is written; then the bytes of the records that are not zeroes, in their order. Little-endian.
/// </remarks>
internal sealed unsafe class RedoFile(DiskGeometry geometry, SafeFileHandle image, string imagePath) : IDisposable
{
    public const int RecordBytes = 16;

    /// <summary>How the name of an image goes on for its redo file.</summary>
    public const string Suffix = ".redo";

    private readonly string _path = PathOf(imagePath);
    private ImageIdentity _identity;
    private byte[] _head = new byte[RedoHeader.SizeBytes + (64 * RecordBytes)];
    private int _headBytes;
    private SafeFileHandle? _file;
    private FileRun? _run;

    /// <summary>Whether something would be done again.</summary>
    public bool IsArmed { get; private set; }

    /// <summary>Where the redo file of an image is: beside the file itself, by whatever link it is named.</summary>
    public static string PathOf(string imagePath) =>
        ((File.Exists(imagePath) ? File.ResolveLinkTarget(imagePath, returnFinalTarget: true)?.FullName : null) ?? Path.GetFullPath(imagePath)) + Suffix;

    /// <summary>Refuses (<see cref="DeviceIoException"/>) an image beside which none can be kept, before anybody relies on it.</summary>
    public static void RequirePlace(string imagePath)
    {
        string path = PathOf(imagePath);
        if (ImageIdentity.BootId is null)
        {
            throw Refusal(path, "this host does not tell its boots apart, so it could not be judged later", inner: null);
        }

        Create(path).Dispose();
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
            Add(start, -(Math.Min(range.End * PageArena.PageBytes, geometry.SizeBytes) - start));
        }

        foreach (DeltaPiece piece in delta.WalkPieces(onlyTearing: true))
        {
            Add(piece.OffsetBytes, piece.Data == 0 ? -piece.LengthBytes : piece.LengthBytes);
        }

        uint checksum = SealRecords(delta.KeepsProvisioned);
        RedoSum sum = default;
        foreach (DeltaPiece piece in delta.WalkPieces(onlyTearing: true))
        {
            sum.Add(new ReadOnlySpan<byte>((void*)piece.Data, piece.Data == 0 ? 0 : piece.LengthBytes));
        }

        RedoHeader.Seal(_head, sum.Behind(checksum));
        fixed (byte* head = _head)
        {
            _run!.Drop();
            _run.Add(0, (nint)head, _headBytes);
            long offset = _headBytes;
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
    }

    /// <summary>Writes down what putting back an old platter will do. As <see cref="Arm(PlatterDelta)"/>.</summary>
    public void Arm(FileUndo undo)
    {
        Begin();
        foreach (OldPiece piece in undo.Pieces)
        {
            Add(piece.OffsetBytes, piece.IsData ? piece.LengthBytes : -piece.LengthBytes);
        }

        uint checksum = SealRecords(keepsProvisioned: false);
        RedoSum sum = default;
        long offset = _headBytes;
        foreach (ReadOnlyMemory<byte> bytes in undo.Bytes)
        {
            sum.Add(bytes.Span);
            Write(offset, bytes.Span);
            offset += bytes.Length;
        }

        RedoHeader.Seal(_head, sum.Behind(checksum));
        Write(0, _head.AsSpan(0, _headBytes));
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
        }
    }

    private static SafeFileHandle Create(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
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
            _file = Create(_path);
            _run = new FileRun(_file, LibC.IOV_MAX);
        }

        Disarm(); // so that what is written piece by piece counts for nothing before its header does
        _headBytes = RedoHeader.SizeBytes;
    }

    private void Add(long offsetBytes, long lengthBytes)
    {
        if (_head.Length - _headBytes < RecordBytes)
        {
            Array.Resize(ref _head, _head.Length * 2);
        }

        BinaryPrimitives.WriteInt64LittleEndian(_head.AsSpan(_headBytes), offsetBytes);
        BinaryPrimitives.WriteInt64LittleEndian(_head.AsSpan(_headBytes + sizeof(long)), lengthBytes);
        _headBytes += RecordBytes;
    }

    /// <summary>Writes the header in front of the records; what follows may count from here on.</summary>
    /// <returns>Their checksum.</returns>
    private uint SealRecords(bool keepsProvisioned)
    {
        new RedoHeader(_identity, (_headBytes - RedoHeader.SizeBytes) / RecordBytes, keepsProvisioned).Write(_head);
        IsArmed = true;
        return RedoHeader.Checksum(0, _head.AsSpan(RedoHeader.ChecksumEnd, _headBytes - RedoHeader.ChecksumEnd));
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
