using System.Numerics;
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
    private readonly FileRun _run; // there is one writer at a time
    private bool _syncFailed;

    public FileMedium(DiskGeometry geometry, SafeFileHandle file, string path, bool syncToHost)
    {
        _geometry = geometry;
        _file = file;
        _path = path;
        _syncToHost = syncToHost;
        _run = new FileRun(file, LibC.IOV_MAX);
    }

    public bool IsImmediate => false;

    public long PersistentBytes => LibC.TryStat(_path)?.AllocatedBytes ?? 0;

    public void Read(long offsetBytes, Span<byte> destination) => FileBytes.Read(_file, offsetBytes, destination);

    public IPlatterUndo? Apply(PlatterDelta delta, bool keepUndo)
    {
        FileUndo? undo = keepUndo && !delta.IsEmpty ? FileUndo.Save(_file, _path, _geometry, delta) : null;
        try
        {
            foreach (PageRange range in delta.ZeroRanges.AsSpan())
            {
                long start = range.Start * PageArena.PageBytes;
                Zero(start, Math.Min(range.End * PageArena.PageBytes, _geometry.SizeBytes) - start, delta.KeepsProvisioned);
            }

            WritePages(delta);
        }
        catch (DeviceIoException) when (undo is not null)
        {
            undo.Restore(); // all or nothing: a cut that can't be carried out leaves the old platter, and may be judged again
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

    public ByteRange? NextPopulated(long offsetBytes) => NextPopulated(offsetBytes, _geometry.SizeBytes);

    public ByteRange? NextPopulated(long offsetBytes, long endBytes) => FileBytes.NextData(_file, offsetBytes, endBytes);

    public void Dispose() => _file.Dispose();

    private void Zero(long offsetBytes, long lengthBytes, bool keepProvisioned)
    {
        int mode = keepProvisioned
            ? LibC.FALLOC_FL_ZERO_RANGE | LibC.FALLOC_FL_KEEP_SIZE
            : LibC.FALLOC_FL_PUNCH_HOLE | LibC.FALLOC_FL_KEEP_SIZE;
        FileBytes.Zero(_file, offsetBytes, lengthBytes, mode);
    }

    private void WritePages(PlatterDelta delta)
    {
        _run.Drop();
        foreach (long page in delta.SortPages())
        {
            ref readonly DeltaPage entry = ref delta.Find(page);
            for (int block = 0; block < _geometry.BlocksPerPage;)
            {
                int dataBlocks = CountFrom(entry.DataMask, block);
                int zeroBlocks = CountFrom(entry.ZeroMask, block);
                long offset = (page * PageArena.PageBytes) + ((long)block * _geometry.BlockSizeBytes);
                if (dataBlocks != 0)
                {
                    _run.Add(offset, entry.Data + (block * _geometry.BlockSizeBytes), dataBlocks * _geometry.BlockSizeBytes);
                }
                else if (zeroBlocks != 0)
                {
                    _run.Flush();
                    Zero(offset, zeroBlocks * _geometry.BlockSizeBytes, delta.KeepsProvisioned);
                }

                block += Math.Max(1, dataBlocks + zeroBlocks);
            }
        }

        _run.Flush();
    }

    /// <summary>How many blocks from one on are in a mask.</summary>
    private static int CountFrom(byte mask, int block) => BitOperations.TrailingZeroCount(~((uint)mask >> block));
}
