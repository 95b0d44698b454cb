namespace BlockEmu.Oracle.Images;

/// <summary>Ascending, disjoint pieces of data over zeroes: a sparse image in memory.</summary>
public sealed class ExtentImage : IPlatterImage
{
    private readonly List<long> _starts = [];
    private readonly List<ReadOnlyMemory<byte>> _pieces = [];

    /// <summary>Adds data behind all that was added before.</summary>
    public void Append(long offsetBytes, ReadOnlyMemory<byte> data)
    {
        if (_starts.Count > 0 && offsetBytes < _starts[^1] + _pieces[^1].Length)
        {
            throw new ArgumentException("pieces must be ascending and disjoint", nameof(offsetBytes));
        }

        _starts.Add(offsetBytes);
        _pieces.Add(data);
    }

    /// <inheritdoc/>
    public void Read(long offsetBytes, Span<byte> destination)
    {
        destination.Clear();
        long end = offsetBytes + destination.Length;
        for (int i = FirstEndingAfter(offsetBytes); i < _starts.Count && _starts[i] < end; i++)
        {
            long from = Math.Max(offsetBytes, _starts[i]);
            long to = Math.Min(end, _starts[i] + _pieces[i].Length);
            _pieces[i].Span.Slice((int)(from - _starts[i]), (int)(to - from))
                .CopyTo(destination[(int)(from - offsetBytes)..]);
        }
    }

    /// <inheritdoc/>
    public Extent? NextPopulated(long offsetBytes)
    {
        int i = FirstEndingAfter(offsetBytes);
        if (i == _starts.Count)
        {
            return null;
        }

        long from = Math.Max(offsetBytes, _starts[i]);
        return new Extent(from, _starts[i] + _pieces[i].Length - from);
    }

    private int FirstEndingAfter(long offsetBytes)
    {
        int i = _starts.BinarySearch(offsetBytes);
        i = i >= 0 ? i : ~i;
        return i > 0 && _starts[i - 1] + _pieces[i - 1].Length > offsetBytes ? i - 1 : i;
    }
}
