using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Media;

/// <summary>Gathers writes that follow each other in the file and sends each run in one call.</summary>
/// <param name="file">The file.</param>
/// <param name="maxVectors">How many pieces of memory one call takes.</param>
internal sealed unsafe class FileRun(SafeFileHandle file, int maxVectors)
{
    private readonly LibC.IoVector[] _vectors = new LibC.IoVector[maxVectors];
    private int _count;
    private long _start;
    private long _length;

    /// <summary>Adds bytes that stay where they are until the run is flushed.</summary>
    public void Add(long offsetBytes, nint bytes, int lengthBytes)
    {
        if (_count > 0 && offsetBytes == _start + _length)
        {
            LibC.IoVector last = _vectors[_count - 1];
            if (last.Start + (nint)last.Length == bytes)
            {
                _vectors[_count - 1] = new LibC.IoVector(last.Start, last.Length + (nuint)lengthBytes);
                _length += lengthBytes;
                return;
            }
        }

        if (_count == _vectors.Length || (_count > 0 && offsetBytes != _start + _length))
        {
            Flush();
        }

        if (_count == 0)
        {
            _start = offsetBytes;
        }

        _vectors[_count++] = new LibC.IoVector(bytes, (nuint)lengthBytes);
        _length += lengthBytes;
    }

    /// <summary>Writes what is gathered. Throws <see cref="DeviceIoException"/>.</summary>
    public void Flush()
    {
        int first = 0;
        while (first < _count)
        {
            nint written;
            fixed (LibC.IoVector* vectors = &_vectors[first])
            {
                written = LibC.WriteVector(file, vectors, _count - first, _start);
            }

            if (written < 0)
            {
                DeviceIoException error = FileBytes.Error("pwritev", _start);
                if (error.Errno == LibC.EINTR)
                {
                    continue;
                }

                Drop();
                throw error;
            }

            _start += written;
            first = Skip(first, (nuint)written);
        }

        Drop();
    }

    /// <summary>Forgets what is gathered.</summary>
    public void Drop()
    {
        _count = 0;
        _length = 0;
    }

    private int Skip(int first, nuint written)
    {
        while (first < _count && written >= _vectors[first].Length)
        {
            written -= _vectors[first++].Length;
        }

        if (written > 0)
        {
            _vectors[first] = new LibC.IoVector(_vectors[first].Start + (nint)written, _vectors[first].Length - written);
        }

        return first;
    }
}
