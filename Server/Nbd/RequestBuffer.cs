namespace BlockEmu.Server.Nbd;

/// <summary>What has been received and not yet been carried out, in one piece.</summary>
internal sealed class RequestBuffer
{
    // A large payload's buffer grows with what arrives: a header alone costs its sender more than it costs us.
    private const int FirstLargeBytes = 4 << 20;
    private const int GrowthFactor = 4;

    private readonly PooledBuffer _buffer = new();
    private int _start;
    private int _end;

    /// <summary>Whether it holds no memory.</summary>
    public bool IsReleased => _buffer.Bytes.Length == 0;

    /// <summary>The bytes that are here.</summary>
    public ReadOnlySpan<byte> Arrived => _buffer.Bytes.AsSpan(_start, _end - _start);

    /// <summary>Where the next bytes go. <paramref name="neededBytes"/>: how many must fit from the first that is here;
    /// <paramref name="limitBytes"/>: how many to take at most.</summary>
    public Span<byte> MakeRoom(int neededBytes, int limitBytes)
    {
        int arrivedBytes = _end - _start;
        int capacity = _buffer.Bytes.Length;
        if (_start > 0 && (arrivedBytes == 0 || _start > capacity / 2 || capacity - _start < neededBytes))
        {
            Arrived.CopyTo(_buffer.Bytes);
            (_start, _end) = (0, arrivedBytes);
        }

        if (capacity - _start < neededBytes || capacity == _end)
        {
            int grownBytes = Math.Max(FirstLargeBytes, (int)Math.Min(int.MaxValue, (long)arrivedBytes * GrowthFactor));
            _buffer.Ensure(Math.Min(neededBytes, grownBytes), _end);
        }

        Span<byte> room = _buffer.Bytes.AsSpan(_end);
        return room[..Math.Min(room.Length, limitBytes)];
    }

    public void Add(int receivedBytes) => _end += receivedBytes;

    public void Consume(int bytes)
    {
        _start += bytes;
        if (_start == _end)
        {
            _start = _end = 0;
        }
    }

    /// <summary>Gives the memory back, if nothing is in it.</summary>
    public bool TryRelease()
    {
        if (_start != _end)
        {
            return false;
        }

        Release();
        return true;
    }

    public void Release()
    {
        _start = _end = 0;
        _buffer.Release();
    }
}
