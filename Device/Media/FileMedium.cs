using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>A platter in a raw, sparse file: the file is the platter, byte for byte.</summary>
internal sealed unsafe class FileMedium : IMedium
{
    private readonly DiskGeometry _geometry;
    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly bool _syncToHost;
    private readonly bool _isReadOnly;
    private readonly FileRun _run; // there is one writer at a time
    private readonly RedoFile? _redo; // null = what a killed process leaves is torn
    private readonly Lock _lockGate = new(); // protects the count, and the lock as QEMU's that goes with it
    private int _usesOfLock = 1;
    private bool _syncFailed;

    public FileMedium(DiskGeometry geometry, SafeFileHandle file, string path, DiskOptions options)
    {
        _geometry = geometry;
        _file = file;
        _path = path;
        _syncToHost = options.SyncToHost;
        _isReadOnly = options.IsReadOnly;
        _run = new FileRun(file, LibC.IOV_MAX);
        _redo = options.KeepsRedo ? new RedoFile(geometry, file, path) : null;
    }

    public bool IsImmediate => false;

    public long PersistentBytes => LibC.TryStat(_path)?.AllocatedBytes ?? 0;

    public void Read(long offsetBytes, Span<byte> destination) => FileBytes.Read(_file, offsetBytes, destination);

    public IPlatterUndo? Apply(PlatterDelta delta, bool keepUndo)
    {
        bool mayTear = _redo is not null && delta.MayTear;
        if (mayTear)
        {
            _redo!.Arm(delta);
        }
        else
        {
            _redo?.Disarm(); // of a batch that failed
        }

        FileUndo? undo = null;
        try
        {
            undo = keepUndo && !delta.IsEmpty ? FileUndo.Save(_file, _path, _geometry, delta, mayTear ? _redo : null) : null;
            if (undo is not null)
            {
                _redo?.Beat(now: true); // saving it took a while
            }

            foreach (PageRange range in delta.ZeroRanges.AsSpan())
            {
                long start = range.Start * PageArena.PageBytes;
                Zero(start, Math.Min(range.End * PageArena.PageBytes, _geometry.SizeBytes) - start, delta.KeepsProvisioned);
                _redo?.Beat(now: true); // and so may this have
            }

            WritePages(delta);
            _redo?.Disarm();
        }
        catch (DeviceIoException) when (keepUndo)
        {
            undo?.PutBack(); // all or nothing: a cut that can't be carried out leaves the old platter, and may be judged again
            undo?.Dispose();
            _redo?.Disarm();
            throw;
        }

        return undo;
    }

    public void Write(long offsetBytes, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int length = Math.Min(PageArena.PageBytes - (int)(offsetBytes % PageArena.PageBytes), bytes.Length);
            if (bytes[..length].ContainsAnyExcept((byte)0))
            {
                FileBytes.Write(_file, offsetBytes, bytes[..length]);
            }
            else
            {
                Zero(offsetBytes, length, keepProvisioned: false);
            }

            bytes = bytes[length..];
            offsetBytes += length;
        }

        _redo?.Disarm(); // of a batch that failed, and was taken back by this
    }

    /// <remarks>After a failed <c>fdatasync</c> the host may have dropped the bytes and call the next one good, so the
    /// failure stays until the image is opened anew: no later flush may lie.</remarks>
    public void Sync()
    {
        if (!_syncToHost)
        {
            return;
        }

        if (_syncFailed)
        {
            throw new DeviceIoException($"fdatasync of {_path} has failed before; what was written since may be lost", LibC.EIO);
        }

        if (LibC.DataSync(_file) != 0)
        {
            _syncFailed = true;
            throw FileBytes.Error("fdatasync", 0);
        }
    }

    public void KeepOthersOut()
    {
        lock (_lockGate)
        {
            if (_usesOfLock == 0)
            {
                ImageLock.TakeAsQemu(_file, _path, isReadOnly: _isReadOnly);
            }

            _usesOfLock++;
        }
    }

    public void LetOthersIn()
    {
        lock (_lockGate)
        {
            if (--_usesOfLock == 0 && !_file.IsClosed)
            {
                ImageLock.LetGoAsQemu(_file);
            }
        }
    }

    public ByteRange? NextPopulated(long offsetBytes) => NextPopulated(offsetBytes, _geometry.SizeBytes);

    public ByteRange? NextPopulated(long offsetBytes, long endBytes) => FileBytes.NextData(_file, offsetBytes, endBytes);

    public void Dispose()
    {
        _redo?.Dispose();
        _file.Dispose();
    }

    private void Zero(long offsetBytes, long lengthBytes, bool keepProvisioned) =>
        FileBytes.Zero(_file, offsetBytes, lengthBytes, FileBytes.ZeroMode(keepProvisioned));

    private void WritePages(PlatterDelta delta)
    {
        _run.Drop();
        foreach (DeltaPiece piece in delta.WalkPieces())
        {
            _redo?.Beat(now: false);
            if (piece.Data != 0)
            {
                _run.Add(piece.OffsetBytes, piece.Data, piece.LengthBytes);
            }
            else
            {
                _run.Flush();
                Zero(piece.OffsetBytes, piece.LengthBytes, delta.KeepsProvisioned);
            }
        }

        _run.Flush();
    }
}
