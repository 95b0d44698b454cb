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
    private readonly PageRanges _touched = new();

    private FileUndo(SafeFileHandle image, SafeFileHandle saved, DiskGeometry geometry)
    {
        _image = image;
        _saved = saved;
        _geometry = geometry;
    }

    /// <summary>Copies what the delta will change; cost and room follow the data (not the holes) that is changed.</summary>
    public static FileUndo Save(SafeFileHandle image, string path, DiskGeometry geometry, PlatterDelta delta)
    {
        FileUndo? undo = null;
        try
        {
            undo = new FileUndo(image, OpenNameless(path), geometry);
            foreach (PageRange range in delta.ZeroRanges.AsSpan())
            {
                undo._touched.Add(range.Start, range.End);
            }

            foreach (long page in delta.Pages.Keys.Order())
            {
                undo._touched.Add(page, page + 1);
            }

            undo.CopyTouched(image, undo._saved, zeroFirst: false);
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
    private static SafeFileHandle OpenNameless(string path)
    {
        string name = $".blockemu-undo-{Environment.ProcessId}-{Interlocked.Increment(ref s_count)}";
        try
        {
            return OpenNamelessIn(Path.GetDirectoryName(Path.GetFullPath(path))!, name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return OpenNamelessIn(Path.GetTempPath(), name);
        }
    }

    private static SafeFileHandle OpenNamelessIn(string directory, string name)
    {
        string file = Path.Combine(directory, name);
        SafeFileHandle handle = File.OpenHandle(file, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
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
        CopyTouched(_saved, _image, zeroFirst: true);
        Dispose();
    }

    public void Dispose() => _saved.Dispose();

    private void CopyTouched(SafeFileHandle from, SafeFileHandle to, bool zeroFirst)
    {
        byte[] buffer = new byte[CopyBytes];
        foreach (PageRange range in _touched.AsSpan())
        {
            long at = range.Start * PageArena.PageBytes;
            long end = Math.Min(range.End * PageArena.PageBytes, _geometry.SizeBytes);
            if (zeroFirst)
            {
                FileBytes.Zero(to, at, end - at, LibC.FALLOC_FL_PUNCH_HOLE | LibC.FALLOC_FL_KEEP_SIZE);
            }

            while (at < end && FileBytes.NextData(from, at, end) is ByteRange data)
            {
                long stop = Math.Min(data.EndBytes, end);
                for (at = data.OffsetBytes; at < stop;)
                {
                    Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(stop - at, buffer.Length));
                    FileBytes.Read(from, at, piece);
                    FileBytes.Write(to, at, piece);
                    at += piece.Length;
                }
            }
        }
    }
}
