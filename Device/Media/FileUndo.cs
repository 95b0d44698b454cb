using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>What a delta replaced in an image: an unnamed sparse file beside it that holds the old bytes at their own offsets.</summary>
internal sealed class FileUndo : IPlatterUndo
{
    private const int CopyBytes = 1 << 20;

    private static int s_count;

    private readonly SafeFileHandle _image;
    private readonly SafeFileHandle _saved;
    private readonly DiskGeometry _geometry;
    private readonly RedoFile? _redo;
    private readonly PageRanges _touched = new();

    private FileUndo(SafeFileHandle image, SafeFileHandle saved, DiskGeometry geometry, RedoFile? redo)
    {
        _image = image;
        _saved = saved;
        _geometry = geometry;
        _redo = redo;
    }

    /// <summary>The old content of all that was changed, ascending.</summary>
    public IEnumerable<OldPiece> Pieces => PiecesOf(_saved);

    /// <summary>The bytes of the <see cref="Pieces"/> that are data, in their order; each good until the next.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Bytes
    {
        get
        {
            byte[] buffer = new byte[CopyBytes];
            foreach (OldPiece piece in Pieces)
            {
                for (long done = 0; piece.IsData && done < piece.LengthBytes;)
                {
                    int bytes = (int)Math.Min(buffer.Length, piece.LengthBytes - done);
                    FileBytes.Read(_saved, piece.OffsetBytes + done, buffer.AsSpan(0, bytes));
                    yield return buffer.AsMemory(0, bytes);
                    done += bytes;
                }
            }
        }
    }

    /// <summary>Copies what the delta will change; cost and room follow the data (not the holes) that is changed.</summary>
    /// <param name="image">The image, open.</param>
    /// <param name="path">Where it is.</param>
    /// <param name="geometry">The disk's.</param>
    /// <param name="delta">What will be done.</param>
    /// <param name="redo">What makes putting it back whole even if the process dies; null = nothing of it can tear, or redo is off.</param>
    public static FileUndo Save(SafeFileHandle image, string path, DiskGeometry geometry, PlatterDelta delta, RedoFile? redo)
    {
        FileUndo? undo = null;
        try
        {
            undo = new FileUndo(image, OpenNameless(path, image), geometry, redo);
            foreach (PageRange range in delta.ZeroRanges.AsSpan())
            {
                undo._touched.Add(range.Start, range.End);
            }

            foreach (long page in delta.Pages.Keys.Order())
            {
                undo._touched.Add(page, page + 1);
            }

            undo.Copy(image, undo._saved, withHoles: false);
            return undo;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            undo?.Dispose();
            throw e as DeviceIoException ?? new DeviceIoException($"cannot keep the old platter: {e.Message}", LibC.EIO, e);
        }
    }

    /// <summary>A file without a name, gone with the process however that ends: beside the image, where there should be room
    /// as for the image, or where that can't be, among the temporary files.</summary>
    private static SafeFileHandle OpenNameless(string path, SafeFileHandle image)
    {
        string name = $".blockemu-undo-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";
        try
        {
            return OpenNamelessIn(Path.GetDirectoryName(Path.GetFullPath(path))!, name, image);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return OpenNamelessIn(Path.GetTempPath(), name, image);
        }
    }

    private static SafeFileHandle OpenNamelessIn(string directory, string name, SafeFileHandle image)
    {
        string file = Path.Combine(directory, name);
        SafeFileHandle handle = PrivateFile.Create(file, image);
        File.Delete(file);
        return handle;
    }

    public void ReadOld(long offsetBytes, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            long page = offsetBytes / PageArena.PageBytes;
            int bytes = (int)Math.Min(((page + 1) * PageArena.PageBytes) - offsetBytes, destination.Length);
            FileBytes.Read(_touched.Contains(page) ? _saved : _image, offsetBytes, destination[..bytes]);
            destination = destination[bytes..];
            offsetBytes += bytes;
        }
    }

    public ByteRange? NextPopulatedOld(long offsetBytes)
    {
        ByteRange? saved = FileBytes.NextData(_saved, offsetBytes, _geometry.SizeBytes);
        ByteRange? unchanged = FileBytes.NextData(_image, offsetBytes, _geometry.SizeBytes);
        return saved is null || (unchanged is not null && unchanged.Value.OffsetBytes <= saved.Value.OffsetBytes) ? unchanged : saved;
    }

    public void Restore()
    {
        _redo?.Arm(this);
        PutBack();
        _redo?.Disarm();
        Dispose();
    }

    /// <summary>As <see cref="Restore"/>, where the redo file already knows what to do with what has been done.</summary>
    public void PutBack() => Copy(_saved, _image, withHoles: true);

    public void Dispose() => _saved.Dispose();

    /// <summary>No block is anything in between: with <paramref name="withHoles"/> each goes straight from what it is to what it was.</summary>
    private void Copy(SafeFileHandle from, SafeFileHandle to, bool withHoles)
    {
        byte[] buffer = new byte[CopyBytes];
        foreach (OldPiece piece in PiecesOf(from))
        {
            if (!piece.IsData && withHoles)
            {
                _redo?.Beat(now: true);
                FileBytes.Zero(to, piece.OffsetBytes, piece.LengthBytes, FileBytes.ZeroMode(keepProvisioned: false));
            }

            for (long done = 0; piece.IsData && done < piece.LengthBytes;)
            {
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, piece.LengthBytes - done));
                FileBytes.Read(from, piece.OffsetBytes + done, part);
                if (withHoles)
                {
                    _redo?.Beat(now: true);
                }

                FileBytes.Write(to, piece.OffsetBytes + done, part);
                done += part.Length;
            }
        }
    }

    private IEnumerable<OldPiece> PiecesOf(SafeFileHandle file)
    {
        foreach (PageRange range in _touched.AsSpan().ToArray())
        {
            long at = range.Start * PageArena.PageBytes;
            long end = Math.Min(range.End * PageArena.PageBytes, _geometry.SizeBytes);
            while (at < end)
            {
                ByteRange data = FileBytes.NextData(file, at, end) ?? new ByteRange(end, 0);
                if (data.OffsetBytes > at)
                {
                    yield return new OldPiece(at, data.OffsetBytes - at, IsData: false);
                }

                if (data.LengthBytes > 0)
                {
                    yield return new OldPiece(data.OffsetBytes, data.LengthBytes, IsData: true);
                }

                at = data.EndBytes;
            }
        }
    }
}
