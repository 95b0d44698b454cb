using System.Diagnostics.CodeAnalysis;
using BlockEmu.Device.Cache;
using BlockEmu.Device.Geometry;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>A platter in a raw, sparse file: the file is the platter, byte for byte.</summary>
internal sealed unsafe class FileMedium : IMedium
{
    private readonly DiskGeometry _geometry;
    private readonly DiskOptions _options;
    private readonly string _path;
    private SafeFileHandle _file;
    private ImagePlace _place;
    private FileRun _run; // there is one writer at a time
    private RedoFile? _redo; // null = what a killed process leaves is torn
    private FileUndo? _unfinished; // of a cut that could be neither carried out nor taken back
    private readonly Lock _lockGate = new(); // protects the count, and the lock as QEMU's that goes with it
    private int _usesOfLock = 1;
    private bool _syncFailed;

    /// <param name="geometry">The disk's.</param>
    /// <param name="file">The image, open; the medium's from here on.</param>
    /// <param name="options">The disk's, with a file medium.</param>
    public FileMedium(DiskGeometry geometry, SafeFileHandle file, DiskOptions options)
    {
        _geometry = geometry;
        _options = options with { SizeBytes = geometry.SizeBytes };
        _path = options.FilePath!;
        Use(file);
    }

    public bool IsImmediate => false;

    public long PersistentBytes => LibC.TryStat(_path)?.AllocatedBytes ?? 0;

    public void Read(long offsetBytes, Span<byte> destination)
    {
        int read = FileBytes.ReadUpToEnd(_file, offsetBytes, destination);
        if (read < destination.Length)
        {
            throw _place.Lost($"it ends at {offsetBytes + read}", offsetBytes + read);
        }
    }

    public IPlatterUndo? Apply(PlatterDelta delta, bool keepUndo)
    {
        if (keepUndo)
        {
            _place.RequireInPlace(); // a cut's survivors are for whoever looks at the image next
            PutBackUnfinished();
        }

        _place.RequireWhole(); // else a write could make it long enough again, over what is gone
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
            _unfinished = undo; // all or nothing: a cut that can't be carried out leaves the old platter, and may be judged again
            PutBackUnfinished();
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
        _place.RequireInPlace();
        _place.RequireWhole();
        if (!_options.SyncToHost)
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

    public PlatterStamp Stamp() => _place.Stamp();

    public RedoFinding? Refresh()
    {
        if (_place.IsInPlace(out _))
        {
            _place.RequireWhole();
            PutBackUnfinished();
            return null;
        }

        _place.RequireFit();
        _redo?.Dispose(); // it stands where the other file's would
        try
        {
            (SafeFileHandle file, _, RedoFinding found) = ImageFile.OpenExisting(_options);
            DisposeFiles();
            Use(file);
            LetOthersInAgain();
            return found;
        }
        catch (DeviceIoException)
        {
            _redo = OpenRedo();
            throw;
        }
    }

    public void KeepOthersOut()
    {
        lock (_lockGate)
        {
            if (_usesOfLock == 0)
            {
                ImageLock.TakeAsQemu(_file, _path, isReadOnly: _options.IsReadOnly);
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

    /// <summary>A file that was just opened is locked, as if it were in use.</summary>
    private void LetOthersInAgain()
    {
        lock (_lockGate)
        {
            if (_usesOfLock == 0)
            {
                ImageLock.LetGoAsQemu(_file);
            }
        }
    }

    public ByteRange? NextPopulated(long offsetBytes) => NextPopulated(offsetBytes, _geometry.SizeBytes);

    public ByteRange? NextPopulated(long offsetBytes, long endBytes)
    {
        ByteRange? data = FileBytes.NextData(_file, offsetBytes, endBytes);
        if (data is null)
        {
            _place.RequireWhole(); // what is beyond the end of the file looks like a hole
        }

        return data;
    }

    public void Dispose() => DisposeFiles();

    private void DisposeFiles()
    {
        _unfinished?.Dispose();
        _unfinished = null;
        _redo?.Dispose();
        _file.Dispose();
    }

    [MemberNotNull(nameof(_file), nameof(_place), nameof(_run))]
    private void Use(SafeFileHandle file)
    {
        _file = file;
        _place = new ImagePlace(_path, file, _geometry.SizeBytes);
        _run = new FileRun(file, LibC.IOV_MAX);
        _redo = OpenRedo();
        _syncFailed = false;
    }

    private RedoFile? OpenRedo() => _options.KeepsRedo && !_options.IsReadOnly ? new RedoFile(_geometry, _file, _path) : null;

    private void PutBackUnfinished()
    {
        if (_unfinished is not null)
        {
            _unfinished.PutBack();
            _unfinished.Dispose();
            _unfinished = null;
        }

        _redo?.Disarm();
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
